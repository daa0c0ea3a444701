//! Tokens as clients see them: opaque texts, from which only their maker reads a number again.
//!
//! A text holds its number masked, and a mark that nobody makes without the key: no table of texts is kept, and a text that was
//! made up or changed is known for what it is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::jwt::JwtKey;

/// What a text is for; one cannot pass for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextKind {
    Access = 1,
    Refresh = 2,
    Code = 3,
    Device = 4,
    User = 5,
    Secret = 6,
}

const MARK: usize = 16;

/// Writes and reads texts by a secret key.
pub(super) struct TokenTexts {
    key: [u8; 32],
    /// Signs tokens that others read too.
    pub jwt: JwtKey,
    /// Texts from before a reset are strangers after it.
    pub epoch: u32,
}

impl TokenTexts {
    /// By a key that follows from a seed: anybody who knows the seed can make them.
    pub fn seeded(seed: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tokenstorm serve");
        hash.update(seed.to_le_bytes());
        Self::of(hash.finalize().into())
    }

    /// By a key of the system's secure generator.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn secret() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self::of(key))
    }

    fn of(key: [u8; 32]) -> Self {
        Self {
            jwt: JwtKey::of(&key),
            key,
            epoch: 0,
        }
    }

    fn mark(&self, kind: TextKind, number: u32) -> [u8; MARK] {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update([kind as u8]);
        hash.update(self.epoch.to_le_bytes());
        hash.update(number.to_le_bytes());
        let whole: [u8; 32] = hash.finalize().into();
        whole.first_chunk().copied().expect("a digest is longer")
    }

    fn mask(&self, mark: [u8; MARK]) -> u32 {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(mark);
        let whole: [u8; 32] = hash.finalize().into();
        u32::from_le_bytes(whole.first_chunk().copied().expect("a digest is longer"))
    }

    pub fn write(&self, kind: TextKind, number: u32) -> String {
        let mark = self.mark(kind, number);
        let mut bytes = [0; MARK + 4];
        bytes[..MARK].copy_from_slice(&mark);
        bytes[MARK..].copy_from_slice(&(number ^ self.mask(mark)).to_le_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a user types to let a device in (RFC 8628, section 6.1): consonants, so that no word comes of it.
    pub fn user_code(&self, number: u32) -> String {
        const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
        let mark = self.mark(TextKind::User, number);
        let letters: String = mark[..8]
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(*byte) % 20]))
            .collect();
        format!("{}-{}", &letters[..4], &letters[4..])
    }

    pub fn read(&self, kind: TextKind, text: &str) -> Option<u32> {
        // Room for what the decoder reckons with beforehand.
        let mut bytes = [0; MARK + 8];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (mark, number) = bytes.get(..length)?.split_first_chunk::<MARK>()?;
        let number = u32::from_le_bytes(number.try_into().ok()?) ^ self.mask(*mark);
        (self.mark(kind, number) == *mark).then_some(number)
    }
}

/// What may stand for a token in logs: the beginning of its SHA-256, in hexadecimal.
pub(super) fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_by_its_maker_and_as_what_it_is() {
        let texts = TokenTexts::seeded(7);
        for number in [1, 2, 77, u32::MAX] {
            let text = texts.write(TextKind::Access, number);
            assert_eq!(text.len(), 27);
            assert_eq!(texts.read(TextKind::Access, &text), Some(number));
            assert_eq!(texts.read(TextKind::Refresh, &text), None, "another kind");
            assert_eq!(TokenTexts::seeded(8).read(TextKind::Access, &text), None, "another key");
            let later = TokenTexts {
                epoch: 1,
                ..TokenTexts::seeded(7)
            };
            assert_eq!(later.read(TextKind::Access, &text), None, "from before a reset");
        }
        for text in ["", "x", "Bearer", &"A".repeat(27), &"A".repeat(5000)] {
            assert_eq!(texts.read(TextKind::Access, text), None);
        }
    }

    #[test]
    fn a_changed_text_is_nobodys() {
        let texts = TokenTexts::seeded(7);
        let text = texts.write(TextKind::Access, 5);
        for at in 0..text.len() - 1 {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(texts.read(TextKind::Access, &changed), None, "{at}");
        }
    }

    #[test]
    fn a_seed_makes_the_same_texts_and_none_makes_others() {
        let write = |texts: &TokenTexts| texts.write(TextKind::Access, 1);
        assert_eq!(write(&TokenTexts::seeded(1)), write(&TokenTexts::seeded(1)));
        let [one, other] = [(); 2].map(|()| TokenTexts::secret().unwrap());
        assert_ne!(write(&one), write(&other));
    }
}
