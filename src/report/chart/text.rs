//! Text in DejaVu Sans: how much room it takes, and the outlines of its glyphs.

use std::sync::LazyLock;
use tiny_skia::{Path, PathBuilder, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// The two fonts of the charts; both have the same units per em.
static FACES: LazyLock<[Face<'static>; 2]> = LazyLock::new(|| {
    [dejavu::sans::regular(), dejavu::sans::bold()].map(|font| Face::parse(font, 0).expect("DejaVu Sans is a font"))
});

fn face(bold: bool) -> &'static Face<'static> {
    &FACES[usize::from(bold)]
}

/// How much closer two neighbours stand than their widths say, in units of the font.
fn kerning(face: &Face<'_>, pair: (GlyphId, GlyphId)) -> i32 {
    let tables = face.tables().kern.iter().flat_map(|kern| kern.subtables);
    let mut plain = tables.filter(|table| table.horizontal && !table.variable);
    let found = plain.find_map(|table| table.glyphs_kerning(pair.0, pair.1));
    found.map_or(0, i32::from)
}

/// The glyphs of a text with where each begins, and where the text ends, in units of the font.
fn laid_out(text: &str, face: &Face<'_>) -> (Vec<(GlyphId, i32)>, i32) {
    let mut glyphs: Vec<(GlyphId, i32)> = Vec::new();
    let mut end = 0;
    for letter in text.chars() {
        // The first glyph of a font stands for what it does not have.
        let glyph = face.glyph_index(letter).unwrap_or_default();
        if let Some(&(last, _)) = glyphs.last() {
            end += kerning(face, (last, glyph));
        }
        glyphs.push((glyph, end));
        end += i32::from(face.glyph_hor_advance(glyph).unwrap_or_default());
    }
    (glyphs, end)
}

/// How many logical pixels a text takes, to a 500th of its size.
pub(super) fn width_of(text: &str, size: f64, bold: bool) -> f64 {
    const STEPS: f64 = 500.0;
    let face = face(bold);
    let (_, end) = laid_out(text, face);
    (f64::from(end) * STEPS / f64::from(face.units_per_em())).trunc() / STEPS * size
}

/// The outlines of a text's glyphs where the em is one pixel, from the left end of the line that the letters stand on; none for
/// blanks.
pub(super) fn outline(text: &str, bold: bool) -> Option<Path> {
    let face = face(bold);
    let mut outlines = Outlines {
        path: PathBuilder::new(),
        begin: 0.0,
    };
    for (glyph, begin) in laid_out(text, face).0 {
        outlines.begin = begin as f32;
        // A blank has no outline, and so no bounds.
        let _bounds = face.outline_glyph(glyph, &mut outlines);
    }
    let em = 1.0 / f32::from(face.units_per_em());
    outlines.path.finish()?.transform(Transform::from_scale(em, -em))
}

/// A path of glyphs side by side, in units of the font, upwards.
struct Outlines {
    path: PathBuilder,
    /// Where the present glyph begins.
    begin: f32,
}

impl OutlineBuilder for Outlines {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.begin + x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.begin + x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.quad_to(self.begin + x1, y1, self.begin + x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let begin = self.begin;
        self.path.cubic_to(begin + x1, y1, begin + x2, y2, begin + x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

/// `text` cut with an ellipsis to at most `room` logical pixels.
pub(super) fn cut(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width_of(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut kept: String = text.to_owned();
    while kept.pop().is_some() {
        let shown = format!("{}…", kept.trim_end());
        if width_of(&shown, size, bold) <= room {
            return shown;
        }
    }
    "…".to_owned()
}

/// `text` broken at blanks into at most `most` lines of at most `room` logical pixels; what does not fit is cut.
pub(super) fn wrap(text: &str, size: f64, bold: bool, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut words = text.split(' ').filter(|w| !w.is_empty()).peekable();
    while words.peek().is_some() && lines.len() < most {
        let last = lines.len() + 1 == most;
        let mut line = String::new();
        while let Some(word) = words.peek() {
            let longer = if line.is_empty() {
                (*word).to_owned()
            } else {
                format!("{line} {word}")
            };
            if !line.is_empty() && !last && width_of(&longer, size, bold) > room {
                break;
            }
            line = longer;
            words.next();
        }
        lines.push(cut(&line, size, bold, room));
    }
    lines
}
