//! A certificate as Java reads it: a key store of its oldest format, JKS.
//!
//! The format as `sun.security.provider.JavaKeyStore` of OpenJDK reads it; all numbers are big-endian. It ends with a digest by a
//! password, which is looked at only where one is given: this has none.

use std::time::{SystemTime, UNIX_EPOCH};

/// A store with one trusted certificate, which needs no password.
pub(super) fn of(alias: &str, certificate: &[u8], since: SystemTime) -> Vec<u8> {
    const MAGIC: u32 = 0xfeed_feed;
    const VERSION: u32 = 2;
    const TRUSTED: u32 = 2;
    let millis = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    let mut store = Vec::new();
    for number in [MAGIC, VERSION, 1, TRUSTED] {
        store.extend(number.to_be_bytes());
    }
    text(&mut store, alias);
    store.extend(millis.to_be_bytes());
    text(&mut store, "X.509");
    store.extend((certificate.len() as u32).to_be_bytes());
    store.extend(certificate);
    store.extend([0; 20]);
    store
}

/// As `DataOutput.writeUTF` has it, for ASCII.
fn text(store: &mut Vec<u8>, text: &str) {
    store.extend((text.len() as u16).to_be_bytes());
    store.extend(text.as_bytes());
}
