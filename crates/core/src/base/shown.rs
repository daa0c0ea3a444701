//! What is shown of a text that somebody else wrote: the one place that cleans it, for terminals, for error messages, for tables and for
//! spreadsheets.
//!
//! A name can hold an escape sequence that moves the cursor, a mark that turns the direction of the text around, a character that no
//! XML may contain, or a formula. None of them does anything here: each is shown as its number.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character would do something to whoever shows it, or cannot be shown: controls, marks of direction and of invisible
/// joins, line separators, and code points that stand for no character.
#[inline]
pub fn is_odd(letter: char) -> bool {
    let code = u32::from(letter);
    letter.is_control()
        || matches!(code,
            0x61c | 0x200b | 0x200e..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb
            | 0xfdd0..=0xfdef | 0xe0000..=0xe007f)
        || code & 0xfffe == 0xfffe
}

fn escaped(text: &str, keeps: impl Fn(char) -> bool) -> Cow<'_, str> {
    let harmless = |letter: char| keeps(letter) || !is_odd(letter);
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            letter if harmless(letter) => clean.push(letter),
            letter => _ = write!(clean, "\\u{{{:x}}}", u32::from(letter)),
        }
    }
    Cow::Owned(clean)
}

/// A name or another text of one line, with its odd characters as numbers: `\u{1b}`.
///
/// ```
/// # use tokenstorm_core as tokenstorm;
/// use tokenstorm::base::shown;
///
/// assert_eq!(shown::line("naive \u{1b}[2J"), "naive \\u{1b}[2J");
/// assert_eq!(shown::line("größer"), "größer");
/// ```
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// A text of several lines: newlines and tabs stay.
pub fn block(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| matches!(letter, '\n' | '\t'))
}

/// A JSON text with its odd characters as JSON writes them, which reads as the same value. Newlines and tabs stay: they are the layout.
pub fn json(text: &str) -> Cow<'_, str> {
    let stays = |letter: char| matches!(letter, '\n' | '\t') || !is_odd(letter);
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    let mut units = [0; 2];
    for letter in text.chars() {
        match letter {
            letter if stays(letter) => clean.push(letter),
            letter => {
                for unit in letter.encode_utf16(&mut units) {
                    let _ = write!(clean, "\\u{unit:04x}");
                }
            }
        }
    }
    Cow::Owned(clean)
}

/// A cell of a table that a spreadsheet may open: what would be a formula there begins with an apostrophe. Newlines stay, between
/// quotes.
///
/// ```
/// # use tokenstorm_core as tokenstorm;
/// use tokenstorm::base::shown;
///
/// assert_eq!(shown::cell("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
/// assert_eq!(shown::cell("naive cache"), "naive cache");
/// ```
pub fn cell(text: &str) -> Cow<'_, str> {
    let text = block(text);
    match is_formula(text.trim_start_matches('\'')) {
        true => Cow::Owned(format!("'{text}")),
        false => text,
    }
}

/// What such a cell says: the way back from [`cell`], for a text without odd characters.
///
/// ```
/// # use tokenstorm_core as tokenstorm;
/// use tokenstorm::base::shown;
///
/// for text in ["-naive", "'-naive", "''=1", "'tis", "naive cache"] {
///     assert_eq!(shown::of_cell(&shown::cell(text)), text);
/// }
/// ```
pub fn of_cell(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

/// Whether a spreadsheet would take a text for a formula.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The same text with another character for each odd one, of as many bytes: every place in it stays where it was. Newlines stay, and
/// tabs.
pub fn masked(text: &str) -> Cow<'_, str> {
    let stays = |letter: char| matches!(letter, '\n' | '\t') || !is_odd(letter);
    // A carriage return is only ever shown where it ends a line.
    let lines_end =
        |text: &str| !text.contains('\r') || text.replace("\r\n", "\n").chars().all(|letter| letter != '\r');
    if text.chars().all(|letter| letter == '\r' || stays(letter)) && lines_end(text) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' if letters.peek() == Some(&'\n') => clean.push('\r'),
            letter if stays(letter) => clean.push(letter),
            letter => clean.push_str(["?", "\u{b7}", "\u{fffd}", "\u{fffd}?"][letter.len_utf8() - 1]),
        }
    }
    Cow::Owned(clean)
}

/// A command line as a shell takes it.
///
/// ```
/// # use tokenstorm_core as tokenstorm;
/// use tokenstorm::base::shown;
///
/// let words = ["tokenstorm", "run", "my scenario.toml"].map(String::from);
/// assert_eq!(shown::command(&words), "tokenstorm run 'my scenario.toml'");
/// ```
pub fn command(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,%+@".contains(c);
    let quoted = |word: &String| match !word.is_empty() && word.chars().all(plain) {
        true => word.clone(),
        false => format!("'{}'", line(word).replace('\'', "'\\''")),
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// So many characters at most, with dots in place of the others.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
    }
}

/// The same with a capital at its beginning, as a sentence has one.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    first + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_characters_are_numbers_and_others_stay() {
        for (text, clean) in [
            ("plain größer 漢字 – ✗", "plain größer 漢字 – ✗"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
            ("a\u{fffe}b", "a\\u{fffe}b"),
            ("a\u{9b}b\u{7f}", "a\\u{9b}b\\u{7f}"),
            ("a\nb\tc", "a\\u{a}b\\u{9}c"),
        ] {
            assert_eq!(line(text), clean);
        }
        assert_eq!(block("a\nb\tc\r"), "a\nb\tc\\u{d}");
        assert_eq!(shortened("größer", 3), "grö...");
        assert_eq!(shortened("größer", 6), "größer");
    }

    #[test]
    fn json_reads_as_the_same() {
        for text in ["plain", "a\u{202e}b", "a\u{fffe}\u{e0001}", "a\u{7f}\n"] {
            let written = serde_json::to_string(text).unwrap();
            let clean = json(&written);
            assert!(!clean.chars().any(is_odd), "{clean}");
            assert_eq!(serde_json::from_str::<String>(&clean).unwrap(), text);
        }
    }

    #[test]
    fn a_cell_is_no_formula() {
        for text in ["=1+1", "+1", "-1", "@sum"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        assert_eq!(cell("1-1"), "1-1");
    }

    proptest! {
        #[test]
        fn a_mask_moves_nothing(text in "(\\PC|[\\x00-\\x1f\u{202e}\u{9b}\u{fffe}\u{e0001}]){0,20}") {
            let clean = masked(&text);
            prop_assert_eq!(clean.len(), text.len());
            for (at, _) in text.char_indices() {
                prop_assert!(clean.is_char_boundary(at));
            }
            prop_assert!(!clean.replace("\r\n", "\n").chars().any(|letter| is_odd(letter) && !matches!(letter, '\n' | '\t')));
            prop_assert!(!line(&text).chars().any(is_odd));
        }
    }
}
