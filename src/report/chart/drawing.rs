//! A picture as a list of marks.
//!
//! Charts place marks in logical pixels, so they can be tested without looking at pixels: does any text leave the
//! frame, do two labels overlap. `svg.rs` and `png.rs` each draw the same marks. This module does not know what the
//! marks mean.

use std::collections::BTreeSet;
use std::sync::LazyLock;

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

/// For what a node holds that is dead.
pub(super) const DEAD: Ink = Ink(0xf7, 0xdf, 0xb0, 1.0);
/// For figures that are not to be compared.
pub(super) const PALE: Ink = Ink(0xa8, 0xa8, 0xa8, 1.0);

/// What each of these, and the same as a text, becomes on a dark ground.
const ON_DARK: [(Ink, &str); 14] = [
    (BLACK, "#e8e8e8"),
    (GREY, "#a5abb3"),
    (RULE, "#34393f"),
    (SHADE, "#4a5058"),
    (WHITE, "#16191d"),
    (PALETTE[0], "#4db2f0"),
    (PALETTE[1], "#ff8b45"),
    (PALETTE[2], "#2fcfa3"),
    (PALETTE[3], "#e3a0c6"),
    (PALETTE[4], "#f0b53a"),
    (PALETTE[5], "#8fd0f5"),
    (PALETTE[6], "#d0d0d0"),
    (DEAD, "#6b5a2c"),
    (PALE, "#7d838a"),
];

/// Every colour of the charts as SVG has it, with the one that it becomes on a dark ground.
pub(in crate::report) static INKS: LazyLock<Vec<(String, &str)>> = LazyLock::new(|| {
    let both = |(ink, dark): (Ink, &'static str)| [(ink, dark), (ink.for_text(), dark)];
    let mut inks: Vec<_> = ON_DARK
        .into_iter()
        .flat_map(both)
        .map(|(ink, dark)| (colour(ink), dark))
        .collect();
    let mut known = BTreeSet::new();
    inks.retain(|(ink, _)| known.insert(ink.clone()));
    inks
});

/// A colour as SVG has it.
pub(super) fn colour(Ink(red, green, blue, _): Ink) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

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
    /// What is told where the pointer rests; nothing to see.
    Tip {
        from: (f64, f64),
        to: (f64, f64),
        text: String,
    },
    /// From here on what is drawn belongs to this strategy, or to none.
    Of(Option<String>),
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

    /// Tells a figure where the pointer rests on its mark.
    pub(super) fn tip(&mut self, from: (f64, f64), to: (f64, f64), text: String) {
        self.marks.push(Mark::Tip { from, to, text });
    }

    /// What `draw` draws belongs to a strategy, with which it can be hidden.
    pub(super) fn of(&mut self, strategy: &str, draw: impl FnOnce(&mut Drawing)) {
        self.marks.push(Mark::Of(Some(strategy.to_owned())));
        draw(self);
        self.marks.push(Mark::Of(None));
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
