//! What of a file's text is shown around a mistake: some lines, and of a long line the part that matters.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::base::shown;

/// Bytes that are shown before and after a place.
const REACH: usize = 240;
/// Bytes of a place itself.
const LONGEST: usize = 400;

/// A file's text under its name.
#[derive(Debug)]
pub(super) struct Excerpts {
    name: String,
    text: String,
    /// The text as it is shown, where that is another one.
    masked: Option<String>,
}

impl Excerpts {
    pub(super) fn of(name: &str, text: &str) -> Self {
        Self {
            name: shown::line(name).into_owned(),
            masked: match shown::masked(text) {
                std::borrow::Cow::Borrowed(_) => None,
                std::borrow::Cow::Owned(masked) => Some(masked),
            },
            text: text.to_owned(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The text as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn shown(&self) -> &str {
        self.masked.as_deref().unwrap_or(&self.text)
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text.as_bytes()[..at]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |newline| newline + 1)
}

/// The end of the line that a place lies in, its newline included.
fn line_end(text: &str, at: usize) -> usize {
    text.as_bytes()[at..]
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(text.len(), |newline| at + newline + 1)
}

impl SourceCode for Excerpts {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.shown();
        let begin = text.floor_char_boundary(span.offset().min(text.len()));
        let end = begin.saturating_add(span.len().min(LONGEST)).min(text.len());
        let end = text.ceil_char_boundary(end);
        let mut from = begin;
        for line in 0..before.saturating_add(1).min(8) {
            if line > 0 && from == 0 || before == 0 {
                break;
            }
            from = line_start(text, if line == 0 { begin } else { from - 1 });
        }
        from = from.max(text.floor_char_boundary(begin.saturating_sub(REACH)));
        let mut until = end;
        for _ in 0..after.saturating_add(1).min(8) {
            if after > 0 {
                until = line_end(text, until);
            }
        }
        until = until.min(text.ceil_char_boundary((end + REACH).min(text.len())));
        let line = text.as_bytes()[..from].iter().filter(|&&byte| byte == b'\n').count();
        let column = text[line_start(text, from)..from].chars().count();
        let data = &text.as_bytes()[from..until];
        let lines = data.iter().filter(|&&byte| byte == b'\n').count();
        let place = SourceSpan::from((from, until - from));
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            data,
            place,
            line,
            column,
            lines,
        )))
    }
}
