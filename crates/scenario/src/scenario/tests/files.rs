//! Files that cannot be read, or are none.

use super::*;

#[track_caller]
fn refused(path: &Path, message: &str, help: &str) -> ScenarioError {
    let error = Scenario::load(path).unwrap_err();
    let mistake = &error.mistakes()[0];
    assert!(mistake.message().contains(message), "{}", mistake.message());
    let advice = mistake.advice().unwrap_or_default();
    assert!(advice.contains(help), "{advice}");
    shown(&error);
    error
}

#[test]
fn only_a_regular_file_of_some_size_in_utf8_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("good.toml"), VALID).unwrap();
    assert_eq!(Scenario::load(&at("good.toml")).unwrap(), parse(VALID).unwrap());
    refused(&at("god.toml"), "cannot be read", "good.toml");
    refused(&at("elsewhere.toml"), "cannot be read", "TOML files in");
    refused(&at("no/where.toml"), "cannot be read", "there is no folder");
    refused(folder.path(), "this is a folder", "good.toml");

    let latin = VALID.replacen("Two nodes", "Zw\u{1}lf", 1).into_bytes();
    let latin: Vec<u8> = latin
        .into_iter()
        .map(|byte| if byte == 1 { 0xf6 } else { byte })
        .collect();
    let offset = latin.iter().position(|&byte| byte == 0xf6).unwrap();
    std::fs::write(at("latin.toml"), latin).unwrap();
    let error = refused(
        &at("latin.toml"),
        &format!("byte 0xf6 at offset {offset} (line 2)"),
        "UTF-8",
    );
    assert_eq!(error.text_under(&error.mistakes()[0]), Some("\u{fffd}"));

    // Ten gigabytes that take no room: the length alone must be enough.
    let file = std::fs::File::create(at("vast.toml")).unwrap();
    file.set_len(10 << 30).unwrap();
    refused(&at("vast.toml"), "10737418240 bytes are too many", "CSV");
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.toml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if made.is_ok_and(|status| status.success()) {
        refused(&pipe, "not a regular file", "");
    }
    refused(Path::new("/dev/zero"), "not a regular file", "");
}
