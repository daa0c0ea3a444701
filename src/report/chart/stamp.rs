//! Which run a picture belongs to, written where no eye falls on it.

/// The name of the note in a PNG file.
const RUN: &[u8] = b"tokenstorm run";

/// Where the first chunk of a PNG file ends: eight bytes that every such file begins with, and the header.
const HEADER_END: usize = 8 + 25;

/// An SVG document with the id of its run.
pub(super) fn svg(document: String, run: &str) -> String {
    format!("{document}<!-- tokenstorm run {run} -->\n")
}

/// A PNG file with the id of its run, as a text chunk.
pub(super) fn png(mut file: Vec<u8>, run: &str) -> Vec<u8> {
    let chunk = [b"tEXt", RUN, &[0], run.as_bytes()].concat();
    let length = (chunk.len() - 4) as u32;
    let check = crc32fast::hash(&chunk);
    let whole = [&length.to_be_bytes()[..], &chunk, &check.to_be_bytes()].concat();
    file.splice(HEADER_END..HEADER_END, whole);
    file
}

#[cfg(test)]
mod tests {
    use crate::record::fake;
    use crate::report::chart::files;

    #[test]
    fn every_picture_bears_its_run_and_can_still_be_read() {
        let (drawn, _) = files(&fake::dozen()).unwrap();
        let run = fake::dozen().manifest.run;
        assert!(drawn.len() > 4);
        for file in drawn {
            let found = file.bytes.windows(run.len()).filter(|bytes| *bytes == run.as_bytes());
            assert_eq!(found.count(), 1, "{}", file.path.display());
            if file.path.extension().is_some_and(|ending| ending == "png") {
                tiny_skia::Pixmap::decode_png(&file.bytes).expect("a picture");
            }
        }
    }
}
