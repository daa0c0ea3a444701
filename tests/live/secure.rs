//! A provider over HTTPS: whoever the system trusts is believed, and nobody else.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokenstorm::emulator::{Emulator, EmulatorOptions};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::runs::scenario;

/// What speaks TLS before a server that does not.
struct Front {
    url: String,
    /// The certificate of the authority that vouches for it.
    authority: PathBuf,
    _folder: TempDir,
    _runtime: tokio::runtime::Runtime,
}

fn front(emulator: &Emulator) -> Front {
    let folder = TempDir::new().unwrap();
    let (authority, settings) = certified(folder.path(), "of the server");
    let behind = emulator.url().trim_start_matches("http://").to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let acceptor = TlsAcceptor::from(Arc::new(settings));
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                // A client that trusts nobody hangs up.
                let Ok(mut secure) = acceptor.accept(stream).await else {
                    return;
                };
                let mut plain = TcpStream::connect(behind).await.unwrap();
                let _gone = copy_bidirectional(&mut secure, &mut plain).await;
            });
        }
    });
    Front {
        url,
        authority,
        _folder: folder,
        _runtime: runtime,
    }
}

/// An authority, whose certificate is written down, and a server named `localhost` that it vouches for.
fn certified(folder: &Path, name: &str) -> (PathBuf, ServerConfig) {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let path = folder.join("authority.pem");
    let text = STANDARD.encode(root.der());
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    std::fs::write(&path, format!("{begin}\n{}\n{end}\n", lines.join("\n"))).unwrap();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&own, &issuer).unwrap();
    let own = PrivatePkcs8KeyDer::from(own.serialize_der());
    let settings = ServerConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], own.into())
        .unwrap();
    (path, settings)
}

fn tokenstorm(arguments: &[&str], trusted: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .args(arguments)
        .env("TOKENSTORM_CLIENT_SECRET", "secret")
        .env("SSL_CERT_FILE", trusted)
        .env_remove("SSL_CERT_DIR")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The rule is found, by as many requests as over HTTP; an authority that the system does not know is refused, and so is a system
/// that knows none.
#[test]
fn a_probe_speaks_https() {
    let options = EmulatorOptions::profile("zoom-s2s-2022").unwrap();
    let emulator = Emulator::start_with(options.client("app", "secret")).unwrap();
    let (front, other) = (front(&emulator), TempDir::new().unwrap());
    let probe = |url: &str, trusted: &Path| {
        let (token, api) = (format!("{url}/oauth/token"), format!("{url}/v2/users/me"));
        let clock = format!("{url}/_tokenstorm/clock");
        let urls = ["--token-url", &token, "--api-url", &api, "--clock", &clock];
        tokenstorm(
            &[&["probe", "--client-id", "app", "--yes"], &urls[..]].concat(),
            trusted,
        )
    };
    let counted = |output: &Output| {
        assert_eq!(output.status.code(), Some(0), "{}", said(output));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("latest_only"), "{text}");
        let requests = text.lines().find(|line| line.contains(" requests: ")).unwrap();
        requests.to_owned()
    };
    let secure = counted(&probe(&front.url, &front.authority));
    assert_eq!(secure, counted(&probe(emulator.url(), &front.authority)));

    let (authority, _) = certified(other.path(), "of somebody else");
    let none = other.path().join("none.pem");
    std::fs::write(&none, "").unwrap();
    for (trusted, says) in [
        (authority, "the file of its certificate in SSL_CERT_FILE"),
        (none, "this system has no certificates of authorities"),
    ] {
        let output = probe(&front.url, &trusted);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(says), "{}", said(&output));
        assert!(output.stdout.is_empty());
    }
}

/// Nodes of a live run reach a provider over HTTPS: it issues tokens, and serves calls that carry them.
#[test]
fn a_live_run_speaks_https() {
    let folder = TempDir::new().unwrap();
    let scenario = scenario("rule = { latest_only = {} }", r#""naive""#, "");
    let path = folder.path().join("live.toml");
    std::fs::write(&path, scenario.to_resolved_toml()).unwrap();
    let emulator = Emulator::start_with(EmulatorOptions::scenario(&scenario).unwrap()).unwrap();
    let (front, other) = (front(&emulator), TempDir::new().unwrap());
    let live = |trusted: &Path| {
        let _alone = crate::alone();
        let spans = [
            "--set",
            "run.duration=4s",
            "--set",
            "run.warmup=1s",
            "--replications",
            "20",
        ];
        let against = [
            "live",
            path.to_str().unwrap(),
            "--against",
            &front.url,
            "--client",
            "main:secret",
        ];
        tokenstorm(&[&against[..], &spans[..]].concat(), trusted)
    };
    let output = live(&certified(other.path(), "of somebody else").0);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("cannot be reached") && said(&output).contains("SSL_CERT_FILE"),
        "{}",
        said(&output)
    );
    assert_eq!(emulator.count("token_requests"), Some(0));

    let output = live(&front.authority);
    // What was measured may differ from the prediction on a busy machine; here the nodes have to be served at all.
    assert!(
        [Some(0), Some(101)].contains(&output.status.code()),
        "{}",
        said(&output)
    );
    assert!(emulator.count("token_requests").unwrap() > 0);
    assert!(emulator.count("calls").unwrap() > 0);
}
