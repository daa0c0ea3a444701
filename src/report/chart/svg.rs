//! Marks as an SVG document. Its text is text, in whatever sans-serif font the reader has.

use super::drawing::{Align, Drawing, Mark, WHITE, colour};
use crate::base::shown;

/// The document is drawn this much larger and shown at its logical size: its lengths are whole, and lines may still lie
/// between pixels.
const FINENESS: f64 = 8.0;

impl Drawing {
    /// The picture as an SVG document.
    pub fn svg(&self) -> String {
        let Drawing { width, height, .. } = self;
        let (fine_width, fine_height) = ((width * FINENESS) as u32, (height * FINENESS) as u32);
        let title = escaped(&self.title);
        let ground = Mark::Rect {
            from: (0.0, 0.0),
            to: (*width, *height),
            ink: WHITE,
        };
        let marks: String = std::iter::once(&ground).chain(&self.marks).map(element).collect();
        format!(
            "<svg width=\"{width}\" height=\"{height}\" role=\"img\" viewBox=\"0 0 {fine_width} {fine_height}\" \
             xmlns=\"http://www.w3.org/2000/svg\">\n<title>{title}</title>\n{marks}</svg>\n"
        )
    }
}

fn fine(length: f64) -> i32 {
    (length * FINENESS).round() as i32
}

fn element(mark: &Mark) -> String {
    match mark {
        Mark::Rect {
            from: (left, top),
            to: (right, bottom),
            ink,
        } => {
            let (x, y) = (fine(*left), fine(*top));
            let (width, height) = (fine(*right) - x, fine(*bottom) - y);
            let (fill, opacity) = (colour(*ink), ink.3);
            format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" opacity=\"{opacity}\" \
                 fill=\"{fill}\" stroke=\"none\"/>\n"
            )
        }
        Mark::Line { points, width, ink } => {
            let (stroke, opacity, width) = (colour(*ink), ink.3, fine(*width).max(1));
            let points = listed(points);
            format!(
                "<polyline fill=\"none\" opacity=\"{opacity}\" stroke=\"{stroke}\" stroke-width=\"{width}\" \
                 points=\"{points}\"/>\n"
            )
        }
        Mark::Area { points, ink } => {
            let (fill, opacity, points) = (colour(*ink), ink.3, listed(points));
            format!("<polygon opacity=\"{opacity}\" fill=\"{fill}\" points=\"{points}\"/>\n")
        }
        Mark::Dot { at, radius, ink } => {
            let (x, y, radius) = (fine(at.0), fine(at.1), fine(*radius).max(1));
            let (fill, opacity) = (colour(*ink), ink.3);
            format!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" opacity=\"{opacity}\" fill=\"{fill}\" \
                 stroke=\"none\" stroke-width=\"1\"/>\n"
            )
        }
        Mark::Tip { from, to, text } => tip(*from, *to, text),
        Mark::Of(Some(strategy)) => format!("<g data-of=\"{}\">\n", quoted(strategy)),
        Mark::Of(None) => "</g>\n".to_owned(),
        Mark::Text {
            at,
            text,
            size,
            bold,
            align,
            ink,
        } => {
            let (x, y, size) = (fine(at.0), fine(at.1), size * FINENESS);
            let anchor = match align {
                Align::Left => "start",
                Align::Center => "middle",
                Align::Right => "end",
            };
            let (fill, opacity) = (colour(*ink), ink.3);
            let weight = if *bold { " font-weight=\"bold\"" } else { "" };
            let text = quoted(text);
            format!(
                "<text x=\"{x}\" y=\"{y}\" dy=\"0.5ex\" text-anchor=\"{anchor}\" font-family=\"DejaVu Sans, Verdana, sans-serif\" \
                 font-size=\"{size}\" opacity=\"{opacity}\" fill=\"{fill}\"{weight}>\n{text}\n</text>\n"
            )
        }
    }
}

fn tip((left, top): (f64, f64), (right, bottom): (f64, f64), text: &str) -> String {
    let (x, y) = (fine(left), fine(top));
    let (width, height) = (fine(right) - x, fine(bottom) - y);
    let text = escaped(text);
    format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill-opacity=\"0\">\
         <title>{text}</title></rect>\n"
    )
}

fn listed(points: &[(f64, f64)]) -> String {
    points
        .iter()
        .map(|(x, y)| format!("{},{} ", fine(*x), fine(*y)))
        .collect()
}

fn quoted(text: &str) -> String {
    escaped(text).replace('"', "&quot;").replace('\'', "&apos;")
}

fn escaped(text: &str) -> String {
    shown::line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
