//! Sweeps: points, overrides of the command line, and mistakes in them.

use super::*;
use crate::strategy::{Coordination, Ttl};

fn with_sweep(sweep: &str) -> String {
    format!("{VALID}\n[sweep]\n{sweep}\n")
}

#[test]
fn points_are_the_file_with_values_in_place() {
    let text = with_sweep(
        "\"fleet.web.nodes\" = [2, 4]\n\"strategy.shared lease.coordination.lease.ttl\" = ['5s', '20s']\n\
         \"provider.rule.latest_only.overlap\" = [\"1s\"]",
    );
    let text = text.replacen(
        "expect.\"shared lease\"",
        "expect.\"shared lease @ fleet.web.nodes=4\"",
        1,
    );
    let scenario = parse(&text).unwrap();
    let points = scenario.points();
    let labels: Vec<String> = points.iter().map(|(label, _)| label.to_string()).collect();
    let ttl = "strategy.shared lease.coordination.lease.ttl";
    let overlap = "provider.rule.latest_only.overlap";
    assert_eq!(
        labels,
        [(2, "5s"), (2, "20s"), (4, "5s"), (4, "20s")]
            .map(|(nodes, lease)| format!("fleet.web.nodes={nodes};{ttl}={lease};{overlap}=1s"))
    );
    for ((_, point), (nodes, ttl)) in points.iter().zip([(2, "5s"), (2, "20s"), (4, "5s"), (4, "20s")]) {
        assert_eq!(point.file.fleet[0].nodes, nodes);
        let Coordination::Lease(lease) = &point.file.strategy[1].coordination else {
            panic!("a lease")
        };
        assert_eq!(lease.ttl, Ttl::After(ttl.parse().unwrap()));
        assert!(point.file.sweep.is_empty());
        assert_eq!(point.file.expect.figures.get("shared lease").is_some(), nodes == 4);
        assert_eq!(parse(&point.to_resolved_toml()).unwrap(), *point);
    }
    assert_eq!(parse(&scenario.to_resolved_toml()).unwrap(), scenario);
}

/// What the first value comes to is written otherwise than the path says: in both files of one kind, and where a profile has it.
#[test]
fn a_resolved_sweep_reads_back_whatever_its_first_value_comes_to() {
    let mut read = 0;
    for sweep in [
        r#""provider.rule.latest_only.overlap" = ["0s", "5min"]"#,
        r#""provider.rule.latest_only.overlap" = ["5min", "0s"]"#,
        r#""provider.refresh.retire.leeway" = ["0s", "10s"]"#,
        r#""provider.refresh.retire.leeway" = ["10s", "0s"]"#,
    ] {
        for provider in ["", "[provider]\nprofile = \"auth0\"\n"] {
            let text = format!(
                "name = \"b\"\nsummary = \"s\"\nsource = \"s\"\nrun = {{ duration = \"1min\" }}\napp = [{{ name = \"m\" }}]\n\
                 fleet = [{{ name = \"w\", nodes = 1, app = \"m\" }}]\nstrategy = [{{ name = \"n\", coordination = \"naive\" }}]\n\
                 {provider}[sweep]\n{sweep}\n"
            );
            let Ok(scenario) = parse(&text) else { continue };
            let resolved = scenario.to_resolved_toml();
            let again = parse(&resolved).unwrap_or_else(|error| panic!("{error:?}\n{resolved}"));
            assert_eq!(again.points(), scenario.points(), "{resolved}");
            read += 1;
        }
    }
    assert!(read >= 6, "{read}");
}

#[track_caller]
fn mistaken(sweep: &str, message: &str, under: &str, help: &str) {
    let error = parse(&with_sweep(sweep)).unwrap_err();
    let mistake = &error.mistakes()[0];
    assert!(mistake.message().contains(message), "{}", shown(&error));
    assert_eq!(error.text_under(mistake), Some(under), "{}", shown(&error));
    assert!(mistake.advice().unwrap_or_default().contains(help), "{}", shown(&error));
}

#[test]
fn mistakes_point_at_the_sweep_and_name_the_value() {
    mistaken(
        "\"fleet.web.nodes\" = [2, 0]",
        "(sweep point fleet.web.nodes=0)",
        "0",
        "leave the fleet out",
    );
    mistaken(
        "\"fleet.web.nodes\" = [2, \"many\"]",
        "(sweep point fleet.web.nodes=many)",
        "\"many\"",
        "",
    );
    mistaken(
        "\"fleet.wep.nodes\" = [2]",
        "`fleet` has no entry `wep`",
        "\"fleet.wep.nodes\"",
        "did you mean `web`?",
    );
    mistaken(
        "\"fleet.nodes\" = [2]",
        "which of its entries?",
        "\"fleet.nodes\"",
        "`web`",
    );
    mistaken(
        "\"fleet.web.nodez\" = [2]",
        "unknown key `nodez`",
        "\"fleet.web.nodez\"",
        "`nodes`",
    );
    mistaken(
        "\"fleet..nodes\" = [2]",
        "empty step",
        "\"fleet..nodes\"",
        "write it like",
    );
    mistaken(
        "\"run.seed\" = [1, 2, 1]",
        "the same value twice",
        "1",
        "run.replications",
    );
    mistaken("\"run.seed\" = []", "over no values", "\"run.seed\"", "at least one");
    mistaken("\"expect.x\" = [1]", "cannot be swept over", "\"expect.x\"", "");
    // The event's node is there at the first point, and not at the second: the value is to blame, not the event.
    mistaken(
        "\"fleet.web.nodes\" = [2, 1]",
        "there is no node 1 (sweep point fleet.web.nodes=1)",
        "1",
        "",
    );
    let many: Vec<String> = (0..40).map(|i| i.to_string()).collect();
    let list = many.join(", ");
    mistaken(
        &format!("\"run.seed\" = [{list}]\n\"event.0.what.crash.node\" = [{list}]"),
        "1600 points; there can be 1000",
        "\"run.seed\"",
        "thin out",
    );
}

#[test]
fn the_command_line_sets_and_sweeps() {
    let with = |set: &[&str], sweep: &[(&str, &[&str])]| {
        let overrides = Overrides {
            set: Overrides::parse_set(set.iter().copied()).unwrap(),
            sweep: sweep
                .iter()
                .map(|(key, values)| {
                    (
                        (*key).to_owned(),
                        values.iter().map(|value| (*value).to_owned()).collect(),
                    )
                })
                .collect(),
        };
        Scenario::parse_with("test.toml", VALID, Path::new("."), &overrides)
    };
    let scenario = with(
        &[
            "run.replications=7",
            "run.drain = 5s",
            "strategy.naive cache.retry=none",
        ],
        &[],
    )
    .unwrap();
    assert_eq!(scenario.file.run.replications, 7);
    assert_eq!(scenario.file.run.drain, "5s".parse().unwrap());
    let scenario = with(&[], &[("fleet.web.nodes", &["2", "3"])]).unwrap();
    let nodes: Vec<u32> = scenario
        .points()
        .iter()
        .map(|(_, point)| point.file.fleet[0].nodes)
        .collect();
    assert_eq!(nodes, [2, 3]);

    let error = with(&["run.duration=5m"], &[]).unwrap_err();
    assert_eq!(error.text_under(&error.mistakes()[0]), Some("5m"));
    assert!(shown(&error).contains("From the command line"), "{}", shown(&error));
    let error = with(&[], &[("fleet.web.nodes", &["2", "0"])]).unwrap_err();
    assert_eq!(error.text_under(&error.mistakes()[0]), Some("0"));
    assert_eq!(Overrides::parse_set(["x"]), Err("x"));
    assert_eq!(
        Overrides::parse_set(["a.\"b=c\".d = e=f"]).unwrap(),
        [("a.\"b=c\".d".to_owned(), "e=f".to_owned())]
    );
}
