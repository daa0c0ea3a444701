//! Advice for people: as text, as Markdown, as a page. Drawn from the record alone.

mod page;
mod phrases;
mod reasons;
mod table;
mod words;

use super::sheet::paragraph;
use crate::record::advice::Advice;

pub use page::page;

/// A heading and what is said under it.
struct Section {
    title: &'static str,
    id: &'static str,
    lines: Vec<String>,
}

/// For a terminal of so many columns.
pub fn human(advice: &Advice, width: u16) -> String {
    let columns = usize::from(width);
    let mut text = format!("{}{}\n", advice.scenario, words::at_point(advice));
    for words in [advice.summary.clone(), words::effort(advice)] {
        paragraph(&mut text, "", &words, columns);
    }
    text.push('\n');
    paragraph(&mut text, "", &words::headline(advice), columns);
    text.push('\n');
    for line in advice.written.lines() {
        text.push_str(&format!("    {line}\n"));
    }
    text.push('\n');
    text.push_str(&table::finalists(advice).print(width));
    paragraph(&mut text, "", &words::legend(advice), columns);
    for section in words::sections(advice) {
        text.push_str(&format!("\n{}\n", section.title));
        for line in section.lines {
            paragraph(&mut text, "  ", &line, columns);
        }
    }
    text
}

/// For an issue or a page.
pub fn markdown(advice: &Advice) -> String {
    let mut text = format!(
        "## {}{}\n\n{}\n\n{}\n\n```toml\n{}```\n\n{}\n{}\n",
        advice.scenario,
        words::at_point(advice),
        words::headline(advice),
        words::effort(advice),
        advice.written,
        table::finalists(advice).markdown(),
        words::legend(advice),
    );
    for section in words::sections(advice) {
        text.push_str(&format!("\n### {}\n\n", section.title));
        for line in section.lines {
            text.push_str(&format!("- {line}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests;
