//! Which run a picture belongs to, written where no eye falls on it.

use super::ChartError;
use super::drawing::Drawing;

/// The name of the note in a PNG file.
const RUN: &str = "tokenstorm run";

/// An SVG document with the id of its run.
pub(super) fn svg(document: String, run: &str) -> String {
    format!("{document}<!-- tokenstorm run {run} -->\n")
}

/// A picture as a PNG file with the id of its run, as a text chunk.
pub(super) fn png(drawing: &Drawing, run: &str) -> Result<Vec<u8>, ChartError> {
    drawing.png_with(&[(RUN, run)])
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
                let decoder = png::Decoder::new(std::io::Cursor::new(&file.bytes));
                let mut reader = decoder.read_info().expect("a picture");
                let notes = &reader.info().uncompressed_latin1_text;
                assert!(notes.iter().any(|note| note.keyword == super::RUN && note.text == run));
                let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
                reader.next_frame(&mut pixels).expect("all its pixels");
            }
        }
    }
}
