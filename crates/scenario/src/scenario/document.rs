//! The parsed file with every place in it: where a key stands, and the same file with another value in its place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::bounds::MOST_STEPS;
use super::nearest::nearest;

/// Where something stands in the text, in bytes.
pub(super) type Span = Range<usize>;

/// Keys and positions from the root down.
pub(super) type Path = Vec<String>;

/// The span of the key or the value at a path; of the nearest thing above it where the file does not have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub key: Span,
    pub value: Span,
}

pub(super) fn find(root: &DeTable<'_>, path: &[String]) -> Place {
    let mut place = Place { key: 0..0, value: 0..0 };
    let mut table = root;
    let mut steps = path.iter();
    while let Some((key, mut value)) = steps.next().and_then(|step| table.get_key_value(step.as_str())) {
        place = Place {
            key: key.span(),
            value: value.span(),
        };
        while let DeValue::Array(items) = value.get_ref() {
            let Some(item) = steps
                .next()
                .and_then(|step| step.parse::<usize>().ok())
                .and_then(|i| items.get(i))
            else {
                return place;
            };
            place = Place {
                key: item.span(),
                value: item.span(),
            };
            value = item;
        }
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    place
}

/// The value that a path leads to.
pub(super) fn value_at<'a, 't>(root: &'a DeTable<'t>, path: &[String]) -> Option<&'a DeValue<'t>> {
    let (first, rest) = path.split_first()?;
    let mut value = root.get(first.as_str())?.get_ref();
    for step in rest {
        value = match value {
            DeValue::Table(table) => table.get(step.as_str())?.get_ref(),
            DeValue::Array(items) => items.get(step.parse::<usize>().ok()?)?.get_ref(),
            _ => return None,
        };
    }
    Some(value)
}

/// The same value with everything in it standing at one place: a mistake in it is one at that place.
pub(super) fn moved<'t>(value: Spanned<DeValue<'t>>, span: &Span) -> Spanned<DeValue<'t>> {
    let value = match value.into_inner() {
        DeValue::Array(items) => DeValue::Array(items.into_iter().map(|item| moved(item, span)).collect()),
        DeValue::Table(table) => {
            let entries = table.into_iter();
            DeValue::Table(
                entries
                    .map(|(key, value)| (Spanned::new(span.clone(), key.into_inner()), moved(value, span)))
                    .collect(),
            )
        }
        plain => plain,
    };
    Spanned::new(span.clone(), value)
}

/// The path whose key or value stands exactly here.
pub(super) fn path_at(root: &DeTable<'_>, span: &Span) -> Option<Path> {
    fn within_value(value: &Spanned<DeValue<'_>>, span: &Span, path: &mut Path) -> bool {
        match value.get_ref() {
            DeValue::Table(table) => within(table, span, path),
            DeValue::Array(items) => items.iter().enumerate().any(|(i, item)| {
                path.push(i.to_string());
                let found = item.span() == *span || within_value(item, span, path);
                if !found {
                    path.pop();
                }
                found
            }),
            _ => false,
        }
    }
    fn within(table: &DeTable<'_>, span: &Span, path: &mut Path) -> bool {
        table.iter().any(|(key, value)| {
            path.push(key.get_ref().to_string());
            let found = key.span() == *span || value.span() == *span || within_value(value, span, path);
            if !found {
                path.pop();
            }
            found
        })
    }
    let mut path = Path::new();
    within(root, span, &mut path).then_some(path)
}

/// Why a key path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoSuchPlace {
    pub message: String,
    pub help: Option<String>,
}

/// Splits `fleet.web.nodes`. A step between quotes may contain dots; one without may contain spaces.
pub(super) fn split(key: &str) -> Result<Path, NoSuchPlace> {
    let wrong = |message: String| NoSuchPlace {
        message,
        help: Some(r#"write it like `fleet.web.nodes` or `strategy."v1.2".timeout`"#.into()),
    };
    let mut path = Path::new();
    let mut rest = key.trim();
    loop {
        let (step, after) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inner = &rest[1..];
                let Some(end) = inner.find(quote) else {
                    return Err(wrong(format!("`{key}` has a quote that is not closed")));
                };
                (inner[..end].to_owned(), inner[end + 1..].trim_start())
            }
            _ => {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].trim().to_owned(), &rest[end..])
            }
        };
        if step.is_empty() {
            return Err(wrong(format!("`{key}` has an empty step")));
        }
        path.push(step);
        if path.len() > MOST_STEPS {
            return Err(NoSuchPlace {
                message: format!("a key of more than {MOST_STEPS} steps leads nowhere"),
                help: Some("no key of a scenario lies so deep".into()),
            });
        }
        match after.strip_prefix('.') {
            Some(next) => rest = next.trim_start(),
            None if after.is_empty() => return Ok(path),
            None => return Err(wrong(format!("`{key}` has something between a quote and the next dot"))),
        }
    }
}

/// Puts a value where `path` leads, making tables on the way. `key` is where the path was written: what is made stands
/// there, so that an error about it does too.
pub(super) fn put<'t>(
    root: &mut DeTable<'t>,
    path: &[String],
    key: &Span,
    value: Spanned<DeValue<'t>>,
) -> Result<(), NoSuchPlace> {
    let (last, way) = path.split_last().expect("a path has a step");
    let mut table = root;
    let mut way = way.iter().peekable();
    let mut walked = Path::new();
    while let Some(step) = way.next() {
        walked.push(step.clone());
        let at = table
            .entry(Spanned::new(key.clone(), step.clone().into()))
            .or_insert_with(|| Spanned::new(key.clone(), DeValue::Table(DeTable::new())));
        let at = into_entry(at, &mut way, &mut walked)?;
        // `retry = "fixed"` means `retry = { fixed = {} }`, and a step may lead into it.
        if let DeValue::String(choice) = at.get_ref()
            && way.peek().map_or(last, |next| *next) == choice
        {
            let span = at.span();
            let choice = Spanned::new(span.clone(), choice.clone());
            let inner = Spanned::new(span.clone(), DeValue::Table(DeTable::new()));
            *at = Spanned::new(span, DeValue::Table(DeTable::from_iter([(choice, inner)])));
        }
        match at.get_mut() {
            DeValue::Table(inner) => table = inner,
            other => {
                return Err(NoSuchPlace {
                    message: format!("`{}` is a {}, without keys", walked.join("."), other.type_str()),
                    help: None,
                });
            }
        }
    }
    match table.get_mut(last.as_str()).map(Spanned::get_mut) {
        // A list of tables is addressed entry by entry; putting one value in its place is never meant.
        Some(DeValue::Array(items)) if !names(items).is_empty() && !value.get_ref().is_array() => Err(NoSuchPlace {
            message: format!("`{}` is a list: which of its entries?", path.join(".")),
            help: Some(format!("name one: {}", list(&names(items)))),
        }),
        _ => {
            // The key must stand at the sweep too, which inserting over an entry would not do.
            table.remove(last.as_str());
            table.insert(Spanned::new(key.clone(), last.clone().into()), value);
            Ok(())
        }
    }
}

/// From a list of tables to the entry that the next step names; a plain value is its own entry.
fn into_entry<'a, 't, 'p>(
    at: &'a mut Spanned<DeValue<'t>>,
    way: &mut impl Iterator<Item = &'p String>,
    walked: &mut Path,
) -> Result<&'a mut Spanned<DeValue<'t>>, NoSuchPlace> {
    if !at.get_ref().is_array() {
        return Ok(at);
    }
    let DeValue::Array(items) = at.get_mut() else {
        unreachable!("it is an array");
    };
    let names = names(items);
    // The last step is not in the way: what it names is one of an entry's keys.
    let Some(name) = way.next() else {
        return Err(NoSuchPlace {
            message: format!("`{}` is a list: which of its entries?", walked.join(".")),
            help: Some(format!("name one: {}", list(&names))),
        });
    };
    let position = names.iter().position(|known| known == name);
    let Some(entry) = position.or_else(|| name.parse().ok()).and_then(|at| items.get_mut(at)) else {
        return Err(NoSuchPlace {
            message: format!("`{}` has no entry `{name}`", walked.join(".")),
            help: Some(match nearest(name, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its entries: {}", list(&names)),
            }),
        });
    };
    walked.push(name.clone());
    into_entry(entry, way, walked)
}

/// What the entries of a list of tables go by: their name, else their kind, else their position.
fn names(items: &DeArray<'_>) -> Vec<String> {
    let tables = items
        .iter()
        .enumerate()
        .filter_map(|(i, item)| Some((i, item.get_ref().as_table()?)));
    tables
        .map(|(i, table)| {
            let name = table.get("name").or_else(|| table.get("kind"));
            name.and_then(|name| name.get_ref().as_str())
                .map_or_else(|| i.to_string(), String::from)
        })
        .collect()
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The same value `by` bytes further on.
pub(super) fn shifted<'t>(value: Spanned<DeValue<'t>>, by: usize) -> Spanned<DeValue<'t>> {
    let moved = |span: Span| span.start + by..span.end + by;
    let span = moved(value.span());
    let value = match value.into_inner() {
        DeValue::Array(items) => DeValue::Array(items.into_iter().map(|item| shifted(item, by)).collect()),
        DeValue::Table(table) => DeValue::Table(
            table
                .into_iter()
                .map(|(key, value)| {
                    let span = moved(key.span());
                    (Spanned::new(span, key.into_inner()), shifted(value, by))
                })
                .collect(),
        ),
        plain => plain,
    };
    Spanned::new(span, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(key: &str) -> Path {
        split(key).unwrap()
    }

    #[test]
    fn key_paths_split_at_dots_outside_quotes() {
        assert_eq!(path("fleet.web.nodes"), ["fleet", "web", "nodes"]);
        assert_eq!(
            path(r#"strategy."v1.2 blue".timeout"#),
            ["strategy", "v1.2 blue", "timeout"]
        );
        assert_eq!(
            path("strategy.naive cache.'retry'"),
            ["strategy", "naive cache", "retry"]
        );
        for wrong in ["", "a..b", ".a", "a.", r#"a."b"#, r#"a."b"c"#] {
            assert!(split(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_place_is_found_and_named_again() {
        let text = "[[fleet]]\nname = \"web\"\nworkload = [{ kind = \"user\" }]\n[run]\nseed = 7\n";
        let root = DeTable::parse(text).unwrap().into_inner();
        for (key, value) in [
            ("fleet.0.workload.0.kind", "\"user\""),
            ("run.seed", "7"),
            ("run.missing.deeper", "[run]"),
            ("fleet.0.app", "[[fleet]]"),
        ] {
            let place = find(&root, &path(key));
            assert_eq!(&text[place.value.clone()], value, "{key}");
            if key.ends_with("kind") || key.ends_with("seed") {
                assert_eq!(path_at(&root, &place.value).unwrap(), path(key));
                assert_eq!(path_at(&root, &place.key).unwrap(), path(key));
            }
        }
    }

    #[test]
    fn values_are_put_into_entries_by_name_and_into_choices() {
        let text = "[[strategy]]\nname = \"v1.2\"\nretry = \"fixed\"\n[run]\nseed = 7\n";
        let try_put = |key: &str| {
            let mut root = DeTable::parse(text).unwrap().into_inner();
            let value = Spanned::new(0..0, DeValue::Boolean(true));
            put(&mut root, &path(key), &(1..2), value).map(|()| {
                let place = find(&root, &path(&key.replace("\"v1.2\"", "0")));
                assert_eq!(place, Place { key: 1..2, value: 0..0 }, "{key}");
            })
        };
        for key in [
            "run.seed",
            "run.new",
            "provider.rule.latest_only.overlap",
            "strategy.\"v1.2\".timeout",
            "strategy.0.retry.fixed.delay",
        ] {
            try_put(key).unwrap();
        }
        for (key, message) in [
            ("strategy.v1", "which of its entries?"),
            ("strategy.v2.timeout", "has no entry `v2`"),
            ("strategy.9.timeout", "has no entry `9`"),
            ("run.seed.deeper", "`run.seed` is a integer"),
            ("strategy", "which of its entries?"),
        ] {
            let error = try_put(key).unwrap_err().message;
            assert!(error.contains(message), "{key}: {error}");
        }
    }
}
