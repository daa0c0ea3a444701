//! Which run something belongs to.

use sha2::{Digest, Sha256};

use super::{Manifest, Record};

/// Letters of an id: 64 bits, in hex.
const LETTERS: usize = 16;

impl Record {
    /// The id of the run that this is the record of: what was found, by which version, from which scenario and seed.
    ///
    /// It follows from the findings and not from the clock: the same scenario, seed and version have the same id, as their files have
    /// the same bytes, and nothing needs to tell them apart. A run that was interrupted has found something else, and has another
    /// one. Of the command line nothing enters, so that neither the name of a file nor the number of threads does.
    pub fn run_id(&self) -> String {
        let manifest = Manifest {
            run: String::new(),
            command_line: Vec::new(),
            ..self.manifest.clone()
        };
        let Record {
            manifest: _,
            strategies,
            points,
            readings,
            series,
            comparisons,
            checks,
            incidents,
            aftermaths,
            holdings,
            replicated: _,
            tenants: _,
            mixtures: _,
            warmups: _,
            baseline: _,
        } = self;
        let names = (manifest, strategies, points);
        let found = (readings, series, comparisons, checks, incidents, aftermaths, holdings);
        let bytes = serde_json::to_vec(&(names, found)).expect("plain data as JSON");
        let mut id = sha256(&bytes);
        id.truncate(LETTERS);
        id
    }
}

/// A hash in hex, as a manifest has it.
pub(crate) fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn an_id_is_that_of_what_was_found() {
        let record = fake::dozen();
        let id = record.run_id();
        assert_eq!((id.len(), &id), (LETTERS, &fake::dozen().run_id()));
        let differs: [fn(&mut Record); 6] = [
            |record| record.manifest.seed += 1,
            |record| record.manifest.tokenstorm.push('1'),
            |record| record.manifest.as_resolved.push('#'),
            |record| record.manifest.interrupted = true,
            |record| record.readings[3].mean = Some(0.5),
            |record| record.series[2].value[1] += 1e-12,
        ];
        for (number, change) in differs.iter().enumerate() {
            let mut other = fake::dozen();
            change(&mut other);
            assert_ne!(other.run_id(), id, "{number}");
        }
        let mut elsewhere = fake::dozen();
        elsewhere.manifest.command_line = vec!["tokenstorm".into(), "run".into(), "./elsewhere.toml".into()];
        elsewhere.manifest.run = id.clone();
        assert_eq!(elsewhere.run_id(), id);
    }
}
