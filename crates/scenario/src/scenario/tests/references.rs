//! Names that nothing bears, with the message and the fix.

use super::{VALID, mistaken, parse};
use crate::strategy::Coordination;

#[test]
fn mistakes_of_reference() {
    mistaken(
        "app = \"main\"\n",
        "",
        "missing key `app` in `fleet`",
        "[[fleet]]",
        "apps: `main`",
    );
    mistaken(
        "app = \"main\"",
        "app = \"mian\"",
        "unknown app `mian`",
        "\"mian\"",
        "did you mean `main`?",
    );
    mistaken(
        "fleet = \"web\"",
        "fleet = \"wep\"",
        "unknown fleet `wep`",
        "\"wep\"",
        "did you mean `web`?",
    );
    mistaken("node = 1", "node = 2", "there is no node 2", "2", "the last one is 1");
    mistaken(
        "\"*\"",
        "\"naive cash\"",
        "unknown strategy `naive cash`",
        "\"naive cash\"",
        "`naive cache`",
    );
    mistaken(
        "\"success_rate\"",
        "\"sucess_rate\"",
        "unknown metric",
        "\"sucess_rate\"",
        "did you mean `success_rate`?",
    );
    mistaken(
        "@web/user",
        "@web/users",
        "unknown group `web/users`",
        "\"success_rate@web/users\"",
        "`web/user`",
    );
    mistaken(
        "expect.\"shared lease\"",
        "expect.\"shared leas\"",
        "unknown strategy",
        "\"shared leas\"",
        "`shared lease`",
    );
    mistaken(
        "expect.\"shared lease\"",
        "expect.\"shared lease @ a=1\"",
        "no point of the sweep",
        "\"shared lease @ a=1\"",
        "sweeps over nothing",
    );
}

#[test]
fn more_mistakes_of_reference() {
    mistaken(
        "> naive cache",
        "> naiv cache",
        "unknown strategy `naiv cache`",
        "\"> naiv cache\"",
        "`naive cache`",
    );
    mistaken(
        "> naive cache",
        "> shared lease",
        "compared with itself",
        "\"> shared lease\"",
        "",
    );
    mistaken(
        "at = \"5min\"",
        "at = \"12min\"",
        "after the last call",
        "\"12min\"",
        "11min",
    );
    mistaken(
        "\"shared lease\"",
        "\"naive cache\"",
        "two strategy entries are named",
        "\"naive cache\"",
        "another name",
    );
    mistaken(
        "test/valid",
        "../../etc",
        "cannot name a folder",
        "\"../../etc\"",
        "zoom/default",
    );
    mistaken(
        "\"naive cache\"",
        "\"5\"",
        "`5` cannot be a name here",
        "\"5\"",
        "not a number",
    );
    mistaken(
        "crash = { fleet = \"web\", node = 1 }",
        "crash_gateway = { app = \"main\", down = \"1s\" }",
        "no strategy here has a gateway",
        "{ app = \"main\", down = \"1s\" }",
        "gateway",
    );
    mistaken(
        "crash = { fleet = \"web\", node = 1 }",
        "revoke = { app = \"main\", slot = 1 }",
        "never has a slot 1",
        "1",
        "the last one is 0",
    );
    mistaken(
        "crash = { fleet = \"web\", node = 1 }",
        "slow = { endpoint = \"api\", factor = 1, for = \"1s\" }",
        "not slower",
        "1",
        "twice",
    );
}

#[test]
fn slots_need_a_provider_that_has_them() {
    let slots = "{ slot_per_node = { slots = 2 } }";
    let text = VALID.replacen("\"naive\"", slots, 1);
    assert!(parse(&text).unwrap().warnings().is_empty());
    let error = parse(&text.replacen("zoom-s2s-2022", "zoom-jwt-2022", 1)).unwrap_err();
    let mistake = &error.mistakes()[0];
    assert_eq!(mistake.message(), "this provider has no slots");
    assert_eq!(error.text_under(mistake), Some(slots));
    let help = mistake.advice().unwrap();
    assert!(
        help.contains("zoom-s2s-2022") && help.contains("app_per_node"),
        "{help}"
    );

    // A wrong name of the parameter is a story, not a mistake.
    let misnamed = VALID.replacen(
        "\"naive\"",
        "{ slot_per_node = { slots = 2, parameter = \"index\" } }",
        1,
    );
    let scenario = parse(&misnamed).unwrap();
    assert!(scenario.warnings()[0].message().contains("calls it `token_index`"));
    assert!(matches!(&scenario.file.strategy[0].coordination, Coordination::SlotPerNode(slots) if !slots.known));
    let again = parse(&scenario.to_resolved_toml()).unwrap();
    assert_eq!(again, scenario);
    mistaken("\"naive\"", "{ slot_per_node = { slots = 0 } }", "over none", "0", "");
    mistaken(
        "\"naive\"",
        "{ slot_per_node = { slots = 65535, first = 65535 } }",
        "end at 65534",
        "65535",
        "",
    );
}
