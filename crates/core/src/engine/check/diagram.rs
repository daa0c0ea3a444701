//! Sequence diagrams of a story: in text, and as SVG.

use std::fmt::Write as _;

use super::scene::Story;
use crate::base::shown;

/// One line for each step: an arrow between the columns of two parties, and what happens beside it.
pub fn text(story: &Story) -> String {
    let width = story.parties.iter().map(String::len).max().unwrap_or(0).max(5) + 3;
    let centre = |column: usize| column * width + width / 2;
    let number = story.lines.len().to_string().len().max(2);
    let mut out = String::new();
    if !story.lines.is_empty() {
        write!(out, "{:number$} ", "").expect("a string takes everything");
        for party in &story.parties {
            write!(out, "{party:^width$}").expect("a string takes everything");
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    for (place, line) in story.lines.iter().enumerate() {
        if story.around > 0 && place == story.lines.len() - story.around {
            writeln!(out, "{:number$} from here on, again and again:", "").expect("a string takes everything");
        }
        let mut row = vec![' '; width * story.parties.len()];
        for column in 0..story.parties.len() {
            row[centre(column)] = '|';
        }
        let (from, to) = (centre(line.from), centre(line.to));
        if from == to {
            row[from] = if line.fault { 'x' } else { '*' };
        } else {
            let (left, right) = (from.min(to), from.max(to));
            row[left + 1..right].fill(if line.fault { '.' } else { '-' });
            let head = if line.fault {
                'x'
            } else if to > from {
                '>'
            } else {
                '<'
            };
            row[if to > from { right - 1 } else { left + 1 }] = head;
        }
        let row: String = row.into_iter().collect();
        writeln!(out, "{:>number$} {row} {}", place + 1, line.text).expect("a string takes everything");
    }
    if let Some(remark) = &story.remark {
        writeln!(out, "{:number$} {remark}", "").expect("a string takes everything");
    }
    out
}

/// The least width of a column, and what a letter of a party's name takes.
const COLUMN: usize = 130;
const LETTER: usize = 7;
const ROW: usize = 26;
const TOP: usize = 40;

/// How far columns are apart, so that no name runs into the next.
fn apart(story: &Story) -> usize {
    let names = story.parties.iter().map(|party| party.chars().count());
    COLUMN.max(names.max().unwrap_or(0) * LETTER + 20)
}

/// The same diagram as an SVG picture.
pub fn svg(story: &Story, title: &str) -> String {
    let columns = story.parties.len();
    let longest = story
        .lines
        .iter()
        .map(|line| line.text.chars().count())
        .max()
        .unwrap_or(0);
    let apart = apart(story);
    let (words, height) = (columns * apart + 20, TOP + 40 + (story.lines.len() + 2) * ROW);
    let width = words + longest * LETTER + 20;
    let centre = |column: usize| column * apart + apart / 2;
    let title = escaped(title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" font-family=\"DejaVu Sans, sans-serif\" font-size=\"12\">\n\
         <title>{title}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"12\" y=\"20\" font-size=\"14\" fill=\"#222222\">{title}</text>\n"
    );
    for (column, party) in story.parties.iter().enumerate() {
        head(&mut out, party, centre(column), height);
    }
    for (place, line) in story.lines.iter().enumerate() {
        let y = TOP + 36 + place * ROW;
        let colour = if line.fault { "#c0392b" } else { "#1f4e79" };
        let dashes = if line.fault { " stroke-dasharray=\"4 3\"" } else { "" };
        if place + 1 == story.lines.len() && story.around == 0 {
            mark(&mut out, y);
        }
        // From when it was sent to when it arrives.
        let sent = line.sent.map_or(y, |sent| TOP + 36 + sent * ROW);
        arrow(
            &mut out,
            (centre(line.from), sent),
            (centre(line.to), y),
            colour,
            dashes,
        );
        writeln!(
            out,
            "<text x=\"{words}\" y=\"{y}\" dy=\"4\" fill=\"{}\">{}. {}</text>",
            if line.fault { colour } else { "#222222" },
            place + 1,
            escaped(&line.text)
        )
        .expect("a string takes everything");
    }
    if story.around > 0 {
        let first = story.lines.len() - story.around;
        let (top, bottom) = (TOP + 24 + first * ROW, TOP + 24 + story.lines.len() * ROW);
        writeln!(
            out,
            "<path d=\"M10 {top}L4 {top}L4 {bottom}L10 {bottom}\" fill=\"none\" stroke=\"#222222\"/>\n\
             <text x=\"12\" y=\"{}\" fill=\"#222222\">again and again</text>",
            bottom + 14
        )
        .expect("a string takes everything");
    }
    out.push_str("</svg>\n");
    out
}

/// The name of a party, and its line down the picture.
fn head(out: &mut String, party: &str, x: usize, height: usize) {
    writeln!(
        out,
        "<text x=\"{x}\" y=\"{TOP}\" dy=\"8\" text-anchor=\"middle\" fill=\"#222222\" font-weight=\"bold\">{}</text>\n\
         <line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\" stroke=\"#bbbbbb\"/>",
        escaped(party),
        TOP + 16,
        height - ROW
    )
    .expect("a string takes everything");
}

/// Marks the step that breaks the property.
fn mark(out: &mut String, y: usize) {
    let top = y - ROW / 2;
    writeln!(
        out,
        "<rect x=\"0\" y=\"{top}\" width=\"100%\" height=\"{ROW}\" fill=\"#fdebd0\"/>"
    )
    .expect("a string takes everything");
}

/// From one party at one height to another at another; a dot where it is the same party.
fn arrow(out: &mut String, (from, sent): (usize, usize), (to, y): (usize, usize), colour: &str, dashes: &str) {
    if from == to {
        writeln!(out, "<circle cx=\"{from}\" cy=\"{y}\" r=\"4\" fill=\"{colour}\"/>")
            .expect("a string takes everything");
        return;
    }
    let turn = ((y as f64 - sent as f64) / (to as f64 - from as f64))
        .atan()
        .to_degrees();
    let back = if to > from { to - 8 } else { to + 8 };
    writeln!(
        out,
        "<line x1=\"{from}\" y1=\"{sent}\" x2=\"{to}\" y2=\"{y}\" stroke=\"{colour}\"{dashes}/>\n\
         <path d=\"M{to} {y}L{back} {}L{back} {}Z\" fill=\"{colour}\" transform=\"rotate({turn:.1} {to} {y})\"/>",
        y - 4,
        y + 4
    )
    .expect("a string takes everything");
}

fn escaped(text: &str) -> String {
    shown::line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
