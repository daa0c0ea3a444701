//! An emulator whose clock stands still, and a probe of it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokenstorm::base::Duration;
use tokenstorm::emulator::{Emulator, EmulatorOptions};
use tokenstorm::probe::{HeardWords, HttpSubject, Interview, Logins, ProbeBounds, ProbeTarget, interview};

/// Some Wednesday at noon.
pub const START: Duration = Duration::from_secs(1_700_049_600);

/// The probe's way to an emulator.
pub fn target_of(emulator: &Emulator) -> ProbeTarget {
    ProbeTarget {
        token_url: emulator.token_url(),
        api_url: format!("{}/v2/users/me", emulator.url()),
        clock_url: Some(format!("{}/_tokenstorm/clock", emulator.url())),
        client_id: "app".to_owned(),
        client_secret: "the secret of the client".to_owned(),
        grant_type: "client_credentials".to_owned(),
        slot_parameter: Some("token_index".to_owned()),
        force_parameter: ("force_refresh".to_owned(), "true".to_owned()),
        logins: Logins::Password {
            user: "somebody".to_owned(),
            password: "the password of somebody".to_owned(),
        },
        ..ProbeTarget::default()
    }
}

/// Probes what these options emulate.
pub fn probed(options: EmulatorOptions) -> (Interview, HeardWords) {
    let emulator = Emulator::start_with(options.seed(1).frozen_at(START)).unwrap();
    let bounds = ProbeBounds {
        requests: 400,
        patience: None,
        slots: true,
        ..ProbeBounds::default()
    };
    let mut subject = HttpSubject::new(target_of(&emulator), Arc::new(AtomicBool::new(false))).unwrap();
    let found = interview(&mut subject, bounds, &mut |_| {}).unwrap();
    (found, subject.heard().clone())
}
