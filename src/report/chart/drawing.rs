//! A picture as a list of marks, and how it becomes SVG and PNG.
//!
//! Charts place marks in logical pixels, so they can be tested without looking at pixels: does any text leave the
//! frame, do two labels overlap. Painting is generic over plotters' backends; the PNG is the same SVG rasterised at
//! twice the size, for plotters' own bitmap text ignores the side bearings of glyphs. This module does not know what
//! the marks mean.

use super::ChartError;
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBAColor, ShapeStyle, TextStyle, register_font};
use std::sync::{Arc, OnceLock};

/// A colour with its opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ink(pub(super) u8, pub(super) u8, pub(super) u8, pub(super) f64);

pub(super) const BLACK: Ink = Ink(0x22, 0x22, 0x22, 1.0);
pub(super) const GREY: Ink = Ink(0x66, 0x66, 0x66, 1.0);
pub(super) const RULE: Ink = Ink(0xe4, 0xe4, 0xe4, 1.0);
pub(super) const SHADE: Ink = Ink(0xd9, 0xd9, 0xd9, 0.7);
const WHITE: Ink = Ink(0xff, 0xff, 0xff, 1.0);

/// The colours of Okabe and Ito, which most people with a colour vision deficiency tell apart; without yellow, which
/// nobody can read on white.
pub(super) const PALETTE: [Ink; 7] = [
    Ink(0x00, 0x72, 0xb2, 1.0),
    Ink(0xd5, 0x5e, 0x00, 1.0),
    Ink(0x00, 0x9e, 0x73, 1.0),
    Ink(0xcc, 0x79, 0xa7, 1.0),
    Ink(0xe6, 0x9f, 0x00, 1.0),
    Ink(0x56, 0xb4, 0xe9, 1.0),
    Ink(0x00, 0x00, 0x00, 1.0),
];

/// For calls that failed.
pub(super) const FAILED: Ink = PALETTE[1];
/// For first attempts that were rejected, and other figures that are no failure yet.
pub(super) const ATTEMPT: Ink = PALETTE[0];

impl Ink {
    /// The same colour, dark enough for small text on white.
    pub(super) fn for_text(self) -> Ink {
        let Ink(r, g, b, _) = self;
        let luminance = 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b);
        let factor = (95.0 / luminance.max(1.0)).min(1.0);
        let darker = |c: u8| (f64::from(c) * factor) as u8;
        Ink(darker(r), darker(g), darker(b), 1.0)
    }

    pub(super) fn faint(self, alpha: f64) -> Ink {
        Ink(self.0, self.1, self.2, alpha)
    }
}

/// Where a text stands relative to its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// One thing on the picture; later ones cover earlier ones. Lengths in logical pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    Rect {
        from: (f64, f64),
        to: (f64, f64),
        ink: Ink,
    },
    Line {
        points: Vec<(f64, f64)>,
        width: f64,
        ink: Ink,
    },
    Area {
        points: Vec<(f64, f64)>,
        ink: Ink,
    },
    Dot {
        at: (f64, f64),
        radius: f64,
        ink: Ink,
    },
    /// `at` is the middle of the line's height.
    Text {
        at: (f64, f64),
        text: String,
        size: f64,
        bold: bool,
        align: Align,
        ink: Ink,
    },
}

/// A picture, `width` by `height` logical pixels on white.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    pub(super) width: f64,
    pub(super) height: f64,
    /// What a reader who cannot see the picture is told.
    pub(super) title: String,
    pub(super) marks: Vec<Mark>,
}

/// Backends take whole pixels. The SVG is painted this much larger and shown at its logical size, so that lines may
/// lie between pixels.
const FINENESS: f64 = 8.0;
/// Pixels of the PNG per logical pixel.
const RASTER: f32 = 2.0;
/// plotters divides the size of a text by this before it becomes the SVG's `font-size`.
const PLOTTERS_EM: f64 = 1.24;
/// Height over em of DejaVu Sans, by which ab_glyph scales (ascender 1901, descender 483, em 2048).
const DEJAVU_HEIGHT: f64 = 2384.0 / 2048.0;

impl Drawing {
    pub(super) fn new(width: f64, height: f64) -> Drawing {
        Drawing {
            width,
            height,
            title: String::new(),
            marks: Vec::new(),
        }
    }

    pub(super) fn rect(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink) {
        self.marks.push(Mark::Rect { from, to, ink });
    }

    pub(super) fn line(&mut self, points: impl Into<Vec<(f64, f64)>>, width: f64, ink: Ink) {
        self.marks.push(Mark::Line {
            points: points.into(),
            width,
            ink,
        });
    }

    pub(super) fn area(&mut self, points: Vec<(f64, f64)>, ink: Ink) {
        self.marks.push(Mark::Area { points, ink });
    }

    pub(super) fn dot(&mut self, at: (f64, f64), radius: f64, ink: Ink) {
        self.marks.push(Mark::Dot { at, radius, ink });
    }

    /// A dot with a white middle.
    pub(super) fn ring(&mut self, at: (f64, f64), radius: f64, ink: Ink) {
        self.dot(at, radius, ink);
        self.dot(at, radius - 1.4, WHITE);
    }

    pub(super) fn text(&mut self, at: (f64, f64), text: impl Into<String>, size: f64, align: Align, ink: Ink) {
        self.marks.push(Mark::Text {
            at,
            text: text.into(),
            size,
            bold: false,
            align,
            ink,
        });
    }

    pub(super) fn bold(&mut self, at: (f64, f64), text: impl Into<String>, size: f64, align: Align, ink: Ink) {
        self.marks.push(Mark::Text {
            at,
            text: text.into(),
            size,
            bold: true,
            align,
            ink,
        });
    }

    /// Puts the marks on any of plotters' backends, every length multiplied by `scale`.
    fn paint<DB: DrawingBackend>(&self, backend: &mut DB, scale: f64) -> Result<(), ChartError> {
        let whole = |(x, y): (f64, f64)| ((x * scale).round() as i32, (y * scale).round() as i32);
        let style = |ink: Ink, filled: bool, width: f64| ShapeStyle {
            color: RGBAColor(ink.0, ink.1, ink.2, ink.3),
            filled,
            stroke_width: (width * scale).round().max(1.0) as u32,
        };
        let refused = |e: &dyn std::fmt::Display| ChartError::Paint(e.to_string());
        let ground = style(WHITE, true, 0.0);
        backend
            .draw_rect((0, 0), whole((self.width, self.height)), &ground, true)
            .map_err(|e| refused(&e))?;
        for mark in &self.marks {
            match mark {
                Mark::Rect { from, to, ink } => {
                    backend.draw_rect(whole(*from), whole(*to), &style(*ink, true, 0.0), true)
                }
                Mark::Line { points, width, ink } => {
                    backend.draw_path(points.iter().map(|p| whole(*p)), &style(*ink, false, *width))
                }
                Mark::Area { points, ink } => {
                    backend.fill_polygon(points.iter().map(|p| whole(*p)), &style(*ink, true, 0.0))
                }
                Mark::Dot { at, radius, ink } => {
                    let radius = (radius * scale).round().max(1.0) as u32;
                    backend.draw_circle(whole(*at), radius, &style(*ink, true, 0.0), true)
                }
                Mark::Text {
                    at,
                    text,
                    size,
                    bold,
                    align,
                    ink,
                } => {
                    let h_pos = match align {
                        Align::Left => HPos::Left,
                        Align::Center => HPos::Center,
                        Align::Right => HPos::Right,
                    };
                    let style = TextStyle {
                        font: font(size * scale * PLOTTERS_EM, *bold),
                        color: RGBAColor(ink.0, ink.1, ink.2, ink.3).to_backend_color(),
                        pos: Pos::new(h_pos, VPos::Center),
                    };
                    backend.draw_text(text, &style, whole(*at))
                }
            }
            .map_err(|e| refused(&e))?;
        }
        backend.present().map_err(|e| refused(&e))
    }

    /// The picture as an SVG document; its text is text, in whatever sans-serif font the reader has.
    ///
    /// # Errors
    ///
    /// [`ChartError`] when the backend refuses a mark.
    pub fn svg(&self) -> Result<String, ChartError> {
        register_fonts()?;
        let (width, height) = ((self.width * FINENESS) as u32, (self.height * FINENESS) as u32);
        let mut svg = String::new();
        self.paint(&mut SVGBackend::with_string(&mut svg, (width, height)), FINENESS)?;
        // Shown at its logical size, with a name for readers who cannot see it.
        let fine = format!("width=\"{width}\" height=\"{height}\"");
        let shown = format!("width=\"{}\" height=\"{}\" role=\"img\"", self.width, self.height);
        let title = self
            .title
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        Ok(svg
            .replacen(&fine, &shown, 1)
            .replacen(">\n", &format!(">\n<title>{title}</title>\n"), 1))
    }

    /// The picture as a PNG file at twice its logical size, its text in DejaVu Sans.
    ///
    /// # Errors
    ///
    /// [`ChartError`] when the SVG cannot be drawn or rasterised.
    pub fn png(&self) -> Result<Vec<u8>, ChartError> {
        self.pixels()?
            .encode_png()
            .map_err(|e| ChartError::Raster(e.to_string()))
    }

    pub(super) fn pixels(&self) -> Result<resvg::tiny_skia::Pixmap, ChartError> {
        use resvg::{tiny_skia, usvg};
        static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
        let fonts = FONTS.get_or_init(|| {
            let mut fonts = usvg::fontdb::Database::new();
            fonts.load_font_data(dejavu::sans::regular().to_vec());
            fonts.load_font_data(dejavu::sans::bold().to_vec());
            fonts.set_sans_serif_family("DejaVu Sans");
            Arc::new(fonts)
        });
        let options = usvg::Options {
            fontdb: Arc::clone(fonts),
            ..usvg::Options::default()
        };
        let tree = usvg::Tree::from_str(&self.svg()?, &options).map_err(|e| ChartError::Raster(e.to_string()))?;
        let (width, height) = (
            (self.width as f32 * RASTER) as u32,
            (self.height as f32 * RASTER) as u32,
        );
        let mut pixels = tiny_skia::Pixmap::new(width, height)
            .ok_or_else(|| ChartError::Raster(format!("{width} by {height} pixels are too many")))?;
        resvg::render(
            &tree,
            tiny_skia::Transform::from_scale(RASTER, RASTER),
            &mut pixels.as_mut(),
        );
        Ok(pixels)
    }
}

fn font(size: f64, bold: bool) -> FontDesc<'static> {
    FontDesc::new(
        FontFamily::SansSerif,
        size,
        if bold { FontStyle::Bold } else { FontStyle::Normal },
    )
}

/// plotters looks fonts up by the exact family that a text names, once per process.
fn register_fonts() -> Result<(), ChartError> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular()).is_ok()
            && register_font("sans-serif", FontStyle::Bold, dejavu::sans::bold()).is_ok()
    });
    if *done { Ok(()) } else { Err(ChartError::Font) }
}

/// How many logical pixels a text takes in DejaVu Sans. Measured large and scaled down, for layout is in whole pixels.
pub(super) fn width_of(text: &str, size: f64, bold: bool) -> f64 {
    const LARGE: f64 = 500.0;
    let measured = register_fonts()
        .ok()
        .and_then(|()| font(LARGE * DEJAVU_HEIGHT, bold).box_size(text).ok());
    // Without the font nothing can be drawn either; an estimate keeps the layout from failing first.
    measured.map_or(text.chars().count() as f64 * 0.62, |(w, _)| f64::from(w) / LARGE) * size
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
