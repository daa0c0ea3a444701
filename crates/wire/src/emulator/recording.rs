//! What reached the provider and what came of it, a line of JSON each: enough to have it all once more.
//!
//! A recording holds no token, no secret and no name of a client: only steps, instants and outcomes.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::emulated::Source;
use crate::base::Time;

/// The first line: what was emulated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// What wrote it.
    pub tokenstorm: String,
    /// Draws follow from it.
    pub seed: u64,
    /// Slots that each client had at first.
    pub slots: Vec<u16>,
    pub emulates: Source,
}

/// A step of a recording.
#[derive(Serialize, Deserialize)]
pub(super) struct Line<S> {
    /// Nanoseconds since 1970 on the emulator's clock.
    pub t: u64,
    pub step: S,
    pub outcome: String,
}

/// Writes as it happens. What cannot be written ends the recording, not the emulator.
pub(super) struct Recorder {
    out: Option<BufWriter<File>>,
    /// Why it ended.
    pub broken: Option<String>,
}

impl Recorder {
    /// # Errors
    /// When there cannot be such a file, or there is one already.
    pub fn create(path: &Path, head: &Head) -> std::io::Result<Self> {
        Self::over(File::create_new(path)?, head)
    }

    fn over(file: File, head: &Head) -> std::io::Result<Self> {
        let mut out = BufWriter::new(file);
        serde_json::to_writer(&mut out, head)?;
        out.write_all(b"\n")?;
        out.flush()?;
        Ok(Self {
            out: Some(out),
            broken: None,
        })
    }

    pub fn write(&mut self, now: Time, step: &impl Serialize, outcome: String) {
        let Some(out) = &mut self.out else { return };
        let line = Line {
            t: now.nanos(),
            step,
            outcome,
        };
        let written = serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from);
        if let Err(error) = written.and_then(|()| out.write_all(b"\n")) {
            self.end(&error);
        }
    }

    /// What has been written is in the file.
    pub fn flush(&mut self) {
        if let Some(Err(error)) = self.out.as_mut().map(BufWriter::flush) {
            self.end(&error);
        }
    }

    fn end(&mut self, error: &std::io::Error) {
        self.broken = Some(error.to_string());
        if let Some(out) = self.out.take() {
            // Its buffer cannot be written either.
            let (_file, _lost) = out.into_parts();
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A full disk ends the recording, and says so.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_ends_the_recording() {
        let head = Head {
            tokenstorm: "0".to_owned(),
            seed: 1,
            slots: vec![1],
            emulates: Source::Profile("okta".to_owned()),
        };
        let full = || File::options().write(true).open("/dev/full").unwrap();
        assert!(Recorder::over(full(), &head).is_err(), "the head cannot be written");
        let mut recorder = Recorder {
            out: Some(BufWriter::new(full())),
            broken: None,
        };
        for _ in 0..1000 {
            recorder.write(Time::ZERO, &"a step", "an outcome".to_owned());
        }
        assert!(
            recorder.broken.as_ref().is_some_and(|why| why.contains("space")),
            "{:?}",
            recorder.broken
        );
        assert!(recorder.out.is_none());
    }
}
