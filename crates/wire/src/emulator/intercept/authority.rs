//! A certificate authority for one run, and certificates by it for whatever host a client asks for.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};
use tokio_rustls::rustls::{self, ServerConfig};

/// Certificates that are kept; of more hosts the oldest is made anew.
const MOST_LEAVES: usize = 1000;
/// How long before now a certificate is good, for clients whose clock is slow.
const BEFORE: Duration = Duration::from_secs(86_400);
/// How long from now on: no client takes one of more than 398 days in all.
const AFTER: Duration = Duration::from_secs(365 * 86_400);

/// Signs certificates by a key that is nowhere but in memory.
pub(in crate::emulator) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    /// One key for all hosts.
    leaf_key: KeyPair,
    signing: Arc<dyn SigningKey>,
    leaves: Mutex<Leaves>,
    config: ServerConfig,
}

#[derive(Default)]
struct Leaves {
    by_host: HashMap<Arc<str>, Arc<CertifiedKey>>,
    /// The oldest first.
    order: VecDeque<Arc<str>>,
    made: u64,
}

/// Certificates for the hosts of one connection.
#[derive(Debug)]
struct Resolver {
    authority: Arc<Authority>,
    /// Where the client does not say it by itself.
    host: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// # Errors
    /// When the system has no secure random numbers.
    pub fn new() -> Result<Self, String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let key = KeyPair::generate().map_err(|error| said(&error))?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "tokenstorm serve, for this run alone");
        lives(&mut params);
        let certificate = params.self_signed(&key).map_err(|error| said(&error))?.der().clone();
        let leaf_key = KeyPair::generate().map_err(|error| said(&error))?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let signing = ring::sign::any_ecdsa_type(&private).map_err(|error| said(&error))?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            certificate,
            leaf_key,
            signing,
            leaves: Mutex::default(),
            config: config().map_err(|error| said(&error))?,
        })
    }

    pub fn der(&self) -> &[u8] {
        &self.certificate
    }

    /// The authority's certificate (RFC 7468).
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(&self.certificate);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            lines.join("\n")
        )
    }

    /// How TLS is spoken on a connection to this host.
    pub fn speaks_for(self: &Arc<Self>, host: &str) -> Arc<ServerConfig> {
        let mut config = self.config.clone();
        config.cert_resolver = Arc::new(Resolver {
            authority: Arc::clone(self),
            host: host.to_owned(),
        });
        Arc::new(config)
    }

    /// The certificate of a host; none where no certificate can name it.
    fn leaf(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = leaves.by_host.get(host.as_str()) {
            return Some(Arc::clone(known));
        }
        leaves.made += 1;
        let leaf = Arc::new(self.make(&host, leaves.made)?);
        if leaves.order.len() == MOST_LEAVES
            && let Some(oldest) = leaves.order.pop_front()
        {
            leaves.by_host.remove(&oldest);
        }
        let host: Arc<str> = host.into();
        leaves.order.push_back(Arc::clone(&host));
        leaves.by_host.insert(host, Arc::clone(&leaf));
        Some(leaf)
    }

    fn make(&self, host: &str, number: u64) -> Option<CertifiedKey> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![match host.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(host.try_into().ok()?),
        }];
        params.distinguished_name = DistinguishedName::new();
        // RFC 5280, upper bound of a common name: 64 letters. Whom it is for, the alternative names say.
        params.distinguished_name.push(DnType::CommonName, "tokenstorm serve");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        // Left out, it follows from the key, and two certificates of one issuer and number are refused by some clients.
        params.serial_number = Some(SerialNumber::from(number));
        lives(&mut params);
        let certificate = params.signed_by(&self.leaf_key, &self.issuer).ok()?;
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        Some(CertifiedKey::new(chain, Arc::clone(&self.signing)))
    }
}

fn lives(params: &mut CertificateParams) {
    let now = SystemTime::now();
    params.not_before = (now - BEFORE).into();
    params.not_after = (now + AFTER).into();
}

/// Without certificates yet.
fn config() -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::server::ResolvesServerCertUsingSni::new()));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.authority.leaf(hello.server_name().unwrap_or(&self.host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_made_once_for_each_host_and_not_kept_for_ever() {
        let authority = Authority::new().unwrap();
        let first = authority.leaf("zoom.us").unwrap();
        assert!(Arc::ptr_eq(&first, &authority.leaf("ZOOM.us.").unwrap()));
        assert!(!Arc::ptr_eq(&first, &authority.leaf("api.zoom.us").unwrap()));
        for host in ["127.0.0.1", "::1", "a-b.example"] {
            assert!(authority.leaf(host).is_some(), "{host}");
        }
        assert!(authority.leaf("zoöm.us").is_none(), "no certificate names it so");
        for number in 0..MOST_LEAVES {
            authority.leaf(&format!("host-{number}.example"));
        }
        let leaves = authority.leaves.lock().unwrap();
        assert_eq!((leaves.by_host.len(), leaves.order.len()), (MOST_LEAVES, MOST_LEAVES));
        assert!(!leaves.by_host.contains_key("zoom.us"));
    }
}
