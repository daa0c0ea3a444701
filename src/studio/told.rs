//! What is wrong with a text, as the command line tells it, without its colours, and where.

use miette::{GraphicalReportHandler, GraphicalTheme};
use serde::Serialize;

use crate::scenario::{Mistake, ScenarioError};

/// Everything that is wrong.
#[derive(Debug, Serialize)]
pub(super) struct Wrong {
    /// As a terminal shows it.
    pub report: String,
    pub mistakes: Vec<Place>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
pub(super) struct Place {
    pub message: String,
    pub advice: Option<String>,
    /// From one; none where it lies nowhere.
    pub line: Option<usize>,
}

/// Columns of a report: what fits beside the controls.
const WIDTH: usize = 76;

pub(super) fn wrong(error: &ScenarioError, text: &str) -> Wrong {
    let mut report = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(WIDTH);
    if handler.render_report(&mut report, error).is_err() {
        report = error.to_string();
    }
    let place = |mistake: &Mistake| Place {
        message: mistake.message().to_owned(),
        advice: mistake.advice().map(str::to_owned),
        line: mistake
            .span()
            .and_then(|(at, _)| Some(1 + text.get(..at)?.matches('\n').count())),
    };
    Wrong {
        report,
        mistakes: error.mistakes().iter().map(place).collect(),
    }
}

/// What is no mistake of the scenario's text.
pub(super) fn other(message: String) -> Wrong {
    Wrong {
        report: message.clone(),
        mistakes: vec![Place {
            message,
            advice: None,
            line: None,
        }],
    }
}
