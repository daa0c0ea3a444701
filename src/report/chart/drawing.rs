//! A picture as a list of marks.
//!
//! Charts place marks in logical pixels, so they can be tested without looking at pixels: does any text leave the
//! frame, do two labels overlap. `svg.rs` and `png.rs` each draw the same marks. This module does not know what the
//! marks mean.

/// A colour with its opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ink(pub(super) u8, pub(super) u8, pub(super) u8, pub(super) f64);

pub(super) const BLACK: Ink = Ink(0x22, 0x22, 0x22, 1.0);
pub(super) const GREY: Ink = Ink(0x66, 0x66, 0x66, 1.0);
pub(super) const RULE: Ink = Ink(0xe4, 0xe4, 0xe4, 1.0);
pub(super) const SHADE: Ink = Ink(0xd9, 0xd9, 0xd9, 0.7);
pub(super) const WHITE: Ink = Ink(0xff, 0xff, 0xff, 1.0);

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

    /// A line of strokes `on` long with gaps `off` long.
    pub(super) fn dashed(&mut self, points: &[(f64, f64)], width: f64, ink: Ink, (on, off): (f64, f64)) {
        // How far into a stroke and the gap after it.
        let mut phase = 0.0;
        for pair in points.windows(2) {
            let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
            let length = (to_x - x).hypot(to_y - y);
            let place = |along: f64| (x + (to_x - x) * along / length, y + (to_y - y) * along / length);
            let mut along = 0.0;
            while along < length {
                let left = if phase < on { on - phase } else { on + off - phase };
                let next = (along + left.max(0.01)).min(length);
                if phase < on {
                    self.line([place(along), place(next)], width, ink);
                }
                phase = (phase + next - along) % (on + off);
                along = next;
            }
        }
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
}
