//! From a text to what it says: the values of the command line in place, profile and defaults filled in, the sweep's points.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::bounds::MOST_SHOWN;
use super::check::Swept;
use super::condition::Condition;
use super::document::{self, Span};
use super::error::Mistake;
use super::file::ScenarioFile;
use super::files::Files;
use super::ordered::Ordered;
use super::repair::{self, Reading};
use super::strategy::StrategySettings;
use super::{MOST_POINTS, Overrides, check, clients, left_out, sweep, version, weight, words};
use crate::node::Strategy as _;
use crate::plan::SweepPoint;
use crate::provider::profiles;
use crate::provider::settings::Settings;
use crate::strategy::Coordination;

/// A text with the overrides of the command line written at its end, so that a message can point at them.
pub(super) struct Written {
    pub text: String,
    set: Vec<AddedValue>,
    sweep: Vec<(String, Span, Vec<AddedValue>)>,
}

struct AddedValue {
    key: String,
    key_span: Span,
    text: String,
    at: usize,
}

impl Written {
    pub fn new(text: &str, overrides: &Overrides) -> Self {
        let mut all = text.to_owned();
        if overrides.set.is_empty() && overrides.sweep.is_empty() {
            return Self {
                text: all,
                set: Vec::new(),
                sweep: Vec::new(),
            };
        }
        all.push_str("\n# From the command line:\n");
        let push = |all: &mut String, text: &str| {
            let start = all.len();
            all.push_str(text);
            start..all.len()
        };
        let mut set = Vec::new();
        for (key, value) in &overrides.set {
            let key_span = push(&mut all, key);
            all.push_str(" = ");
            let span = push(&mut all, value);
            all.push('\n');
            set.push(AddedValue {
                key: key.clone(),
                key_span,
                text: value.clone(),
                at: span.start,
            });
        }
        let mut sweep = Vec::new();
        for (key, values) in &overrides.sweep {
            let key_span = push(&mut all, key);
            all.push_str(" = [");
            let mut added = Vec::new();
            for (i, value) in values.iter().enumerate() {
                all.push_str(if i == 0 { "" } else { ", " });
                added.push(AddedValue {
                    key: key.clone(),
                    key_span: key_span.clone(),
                    text: value.clone(),
                    at: push(&mut all, value).start,
                });
            }
            all.push_str("]\n");
            sweep.push((key.clone(), key_span, added));
        }
        Self { text: all, set, sweep }
    }
}

impl AddedValue {
    /// A TOML value where the text is one, otherwise a string.
    fn value(&self) -> Spanned<DeValue<'_>> {
        match DeValue::parse(&self.text) {
            Ok(value) => document::shifted(value, self.at),
            Err(_) => Spanned::new(
                self.at..self.at + self.text.len(),
                DeValue::String(self.text.as_str().into()),
            ),
        }
    }
}

/// What a text says.
pub(super) struct Resolved {
    /// As written, and filled in.
    pub file: ScenarioFile,
    /// The same for every point of its sweep.
    pub points: Vec<(SweepPoint, ScenarioFile)>,
    pub warnings: Vec<Mistake>,
}

/// Parses a text; errors with the first mistake of each line.
fn document(text: &str) -> Result<DeTable<'_>, Vec<Mistake>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(root.into_inner());
    }
    let line = |error: &toml::de::Error| {
        let before = text.get(..error.span().unwrap_or(0..0).start).unwrap_or_default();
        before.bytes().filter(|&byte| byte == b'\n').count()
    };
    let (mut mistakes, mut lines) = (Vec::new(), BTreeSet::new());
    // Counting the lines of each of ten thousand would take as long as all else.
    for error in errors.iter().take(MOST_SHOWN) {
        if lines.insert(line(error)) {
            mistakes.push(words::translate(error, None));
        }
    }
    Err(mistakes)
}

/// Reads a text, with every point of its sweep.
pub(super) fn resolve(files: &Files, added: &Written) -> Result<Resolved, Vec<Mistake>> {
    let written_length = added.set.first().map(|value| value.key_span.start);
    let written_length = written_length.or(added.sweep.first().map(|(_, span, _)| span.start));
    let written = &added.text[..written_length.unwrap_or(added.text.len())];
    let mut root = document(written)?;
    let long = weight::too_long(&root);
    if !long.is_empty() {
        return Err(long);
    }
    if !added.set.is_empty() {
        let mut mistakes = Vec::new();
        for value in &added.set {
            let axis = sweep::Axis::new(&value.key, value.key_span.clone(), vec![value.value()]);
            match axis.and_then(|axis| axis.put_first(&mut root)) {
                Ok(()) => {}
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
    }
    let axes = if added.sweep.is_empty() {
        sweep::axes(&root)?
    } else {
        root.remove("sweep");
        let axes: Result<Vec<_>, _> = added
            .sweep
            .iter()
            .map(|(key, span, values)| {
                sweep::Axis::new(key, span.clone(), values.iter().map(AddedValue::value).collect())
            })
            .collect();
        axes.map_err(|mistake| vec![mistake])?
    };
    let points = if axes.is_empty() {
        Vec::new()
    } else {
        sweep::points(&axes, &added.text, MOST_POINTS).map_err(|mistake| vec![mistake])?
    };
    if let Some(first) = axes.first() {
        let labels = points.iter().map(|point| point.label.to_string().len());
        if let Some(mistake) = weight::sweep_too_large(&root, &first.key_span, labels) {
            return Err(vec![mistake]);
        }
    }
    let labels: Vec<SweepPoint> = points.iter().map(|point| point.label.clone()).collect();
    let swept = Swept {
        points: &labels,
        // Other points than the file's are swept over: conditions on its own ones have nothing to select, and are no mistake.
        selectable: added.sweep.is_empty(),
    };
    let (file, warnings) = one(&added.text, root.clone(), files, swept)?;
    let built = read_points(&added.text, &root, &points, files)?;
    Ok(Resolved {
        file,
        points: built,
        warnings,
    })
}

/// Reads each point of a sweep as a file of its own; errors with what is wrong at any of them, once.
fn read_points(
    text: &str,
    root: &DeTable<'_>,
    points: &[sweep::Point<'_>],
    files: &Files,
) -> Result<Vec<(SweepPoint, ScenarioFile)>, Vec<Mistake>> {
    let mut built = Vec::with_capacity(points.len());
    let mut mistakes: Vec<Mistake> = Vec::new();
    let first = points.first().map(|point| point.label.clone());
    let swept = Swept {
        points: first.as_slice(),
        selectable: false,
    };
    for point in points {
        let spans = point.spans();
        let read = point
            .apply(root)
            .map_err(|mistake| vec![mistake])
            .and_then(|root| one(text, root, files, swept));
        match read {
            Ok((mut file, _)) => {
                meant_for(&point.label, &mut file);
                built.push((point.label.clone(), file));
            }
            Err(found) => {
                for mistake in found {
                    let mistake = mistake.in_sweep(&point.label, &spans);
                    if !mistakes.iter().any(|known| known.repeats(&mistake)) {
                        mistakes.push(mistake);
                    }
                }
                if mistakes.len() > MOST_SHOWN {
                    break;
                }
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    Ok(built)
}

/// Reads, fills in and checks one file.
fn one(
    text: &str,
    mut root: DeTable<'_>,
    files: &Files,
    swept: Swept<'_>,
) -> Result<(ScenarioFile, Vec<Mistake>), Vec<Mistake>> {
    clients::fill_in(&mut root).map_err(|mistake| vec![mistake])?;
    if let Some(bare) = version::without_parts(&root) {
        // What is wrong with a strategy is told once, and not of all its parts.
        let mistakes = repair::read(&bare).mistakes;
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        version::misplaced(&mut root).map_err(|mistake| vec![mistake])?;
        version::fill_in(&mut root).map_err(|mistake| vec![mistake])?;
    }
    let Reading {
        file,
        mut mistakes,
        repaired,
    } = repair::read(&root);
    let Some(mut file) = file else { return Err(mistakes) };
    let second = file
        .second_provider
        .as_ref()
        .map(|settings| ("second_provider", settings));
    for (place, settings) in [("provider", &file.provider)].into_iter().chain(second) {
        if let Err(mistake) = check::profile(&root, place, settings) {
            mistakes.push(mistake);
            return Err(mistakes);
        }
    }
    fill_in(&mut file);
    let found = check::check(text, &root, &file, files, swept);
    let of_a_repair = |mistake: &Mistake| !repaired.is_empty() && depends(&root, mistake, &repaired);
    mistakes.extend(found.mistakes.into_iter().filter(|mistake| !of_a_repair(mistake)));
    if mistakes.is_empty() {
        left_out::leave_out(&root, &mut file).map_err(|mistake| vec![mistake])?;
        Ok((file, found.warnings))
    } else {
        Err(mistakes)
    }
}

/// Whether a mistake may come of what was put in the place of others: it lies in the same part of the file, or in one that refers to
/// all parts.
fn depends(root: &DeTable<'_>, mistake: &Mistake, repaired: &[document::Path]) -> bool {
    let place = mistake
        .span()
        .and_then(|(start, length)| document::path_at(root, &(start..start + length)));
    let Some(place) = place else { return true };
    let part = |path: &[String]| -> Vec<String> {
        let of_a_list = path.get(1).is_some_and(|step| step.parse::<usize>().is_ok());
        path.iter().take(if of_a_list { 2 } else { 1 }).cloned().collect()
    };
    // A name that could not be read is missed wherever it is meant.
    let renamed = repaired.iter().any(|path| {
        path.last()
            .is_some_and(|step| step == "name" || step.parse::<usize>().is_ok())
    });
    let refers = (renamed && mistake.message().starts_with("unknown "))
        || ["event", "expect", "assert", "holders", "trigger", "sweep"].contains(&place[0].as_str());
    let provider = place[0] == "strategy"
        && repaired
            .iter()
            .any(|path| path.first().is_some_and(|step| step == "provider"));
    refers || provider || repaired.iter().any(|path| part(path) == part(&place) || path.len() < 2)
}

/// What the file leaves out, from the profile and the defaults.
fn fill_in(file: &mut ScenarioFile) {
    for provider in [&mut file.provider].into_iter().chain(&mut file.second_provider) {
        let profile = provider.profile.as_deref().and_then(profiles::find);
        let settings = std::mem::take(provider);
        let settings = match profile {
            Some(profile) => settings.over(profile.provider),
            None => settings,
        };
        *provider = settings.over(Settings::neutral());
    }
    let uses = |needs: fn(&Coordination) -> bool| file.strategy.iter().any(|strategy| strategy.any(needs));
    if uses(Coordination::needs_store) {
        file.store.get_or_insert_default();
    }
    if uses(Coordination::needs_gateway) {
        file.gateway.get_or_insert_default();
    }
    for strategy in file.strategy.iter_mut().flat_map(StrategySettings::coordinations_mut) {
        if let Coordination::SlotPerNode(slots) = strategy {
            slots.known = slots.parameter.is_none() || slots.parameter == file.provider.slot_parameter;
        }
    }
}

/// Leaves the assertions and expectations that are meant for this point; what is said for it alone counts more than what is
/// said for every point.
fn meant_for(label: &SweepPoint, file: &mut ScenarioFile) {
    file.assert.retain(|assertion| {
        assertion
            .point
            .as_deref()
            .is_none_or(|point| label.has(&SweepPoint::parse(point)))
    });
    for assertion in &mut file.assert {
        assertion.point = None;
    }
    let mut meant: Ordered<Ordered<Condition>> = Ordered::default();
    let (special, general): (Vec<_>, Vec<_>) = std::mem::take(&mut file.expect.figures)
        .0
        .into_iter()
        .partition(|(whose, _)| whose.contains('@'));
    for (whose, conditions) in general.into_iter().chain(special) {
        let (strategy, selector) = check::split_point(&whose);
        if !selector.is_none_or(|selector| label.has(&SweepPoint::parse(selector))) {
            continue;
        }
        let at = meant.position(strategy).unwrap_or(meant.0.len());
        if at == meant.0.len() {
            meant.0.push((strategy.to_owned(), Ordered::default()));
        }
        let known = &mut meant.0[at].1;
        for (metric, condition) in conditions.0 {
            match known.position(&metric) {
                Some(at) => known.0[at].1 = condition,
                None => known.0.push((metric, condition)),
            }
        }
    }
    file.expect.figures = meant;
}
