#!/usr/bin/env python3
"""Wrong on purpose: applies one mutant after another to the canonical form, the checker and the properties, builds, and says whether a test
sees it. The survivors are explained in crates/core/src/testing/mutations.md.

    benches/mutants.py [--dev] [NAME...]      all of them take hours; --dev builds without optimisation, and the tests then leave out large systems

The checkout has to be clean: each mutant is a text that is replaced once, and put back afterwards. Prints a line for each mutant, and ends with
1 where one survives that is not known to.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CANONICAL = "crates/core/src/world/canonical.rs"
ENABLED = "crates/core/src/engine/check/enabled.rs"
STATE = "crates/core/src/engine/check/state.rs"
STEP = "crates/core/src/engine/check/step.rs"
LIVENESS = "crates/core/src/engine/check/liveness.rs"
LABEL = "crates/core/src/engine/check/label.rs"
RECOVERY = "crates/core/src/engine/check/recovery.rs"
HISTORY = "crates/core/src/property/history.rs"
SAFETY = "crates/core/src/property/safety.rs"
GRANTS = "crates/core/src/property/grants.rs"

# Name, file, what is replaced, by what.
MUTANTS = [
    ("late-token-dropped", CANONICAL, "past || !reply.is_granted() && !self.awaits(node, epoch, asker)", "past || !self.awaits(node, epoch, asker)"),
    ("refusal-kept", CANONICAL, "past || !reply.is_granted() && !self.awaits(node, epoch, asker)", "past"),
    ("token-of-the-dead-kept", CANONICAL, "past || !reply.is_granted() && !self.awaits(node, epoch, asker)", "!reply.is_granted() && !self.awaits(node, epoch, asker)"),
    ("lock-for-the-dead-kept", CANONICAL, "Operation::Lock => self.nodes[node.index()].epoch != epoch,", "Operation::Lock => false,"),
    ("given-up-write-dropped", CANONICAL, "Operation::Read => !self.stores(node, epoch, number),", "Operation::Read | Operation::Write { .. } => !self.stores(node, epoch, number),"),
    ("given-up-read-kept", CANONICAL, "Operation::Read => !self.stores(node, epoch, number),", "Operation::Read => false,"),
    ("stale-timer-kept", CANONICAL, "pending.armed[timer.place()] != armed)", "pending.armed[timer.place()] > 250 && armed > 250)"),
    ("live-token-forgotten", CANONICAL, "named.tokens.extend(self.server.provider.ledger.live(now));", ""),
    ("order-not-renamed", CANONICAL, "if self.reveals_order {", "if !self.reveals_order {"),
    ("past-is-present", CANONICAL, "message.set_epoch(if past { PAST } else { 0 });", "message.set_epoch(0);"),
    ("numbers-not-by-age", CANONICAL, "(oldest_first & ((1 << place) - 1)).count_ones() as u8", "(!oldest_first & ((1 << place) - 1)).count_ones() as u8"),
    ("number-of-the-late-reused", CANONICAL, "        return LATE;", "        return 0;"),
    ("presents-something", CANONICAL, "if self.server.provider.rotation.is_none() {", "if self.server.provider.rotation.is_some() {"),
    ("forgetful-policy", CANONICAL, "self.calls.canonical(self.policy.is_forgetful(), moved);", "self.calls.canonical(true, moved);"),
    ("parked-calls-not-moved", CANONICAL, "node.parked = node.parked.moved(moved);", ""),
    ("holder-by-fence-alone", ENABLED, "self.busy & (1 << holder.0) != 0\n            || ", ""),
    ("holder-by-messages-alone", ENABLED, "|| self.world.acts_under(holder, fence)", ""),
    ("lease-ends-under-work", ENABLED, "if !self.acts(holder, fence) {", "if self.left.left(Fault::Crash) < u8::MAX {"),
    ("lapse-is-free", ENABLED, "} else if self.left.left(Fault::Lapse) > 0 {", "} else if self.left.left(Fault::Lapse) < u8::MAX {"),
    ("no-loss", ENABLED, "if self.left.left(Fault::Drop) > 0 {", "if self.left.left(Fault::Drop) > 1 {"),
    ("no-crash", ENABLED, "if self.left.left(Fault::Crash) > 0 {", "if self.left.left(Fault::Crash) > 1 {"),
    ("gateway-is-given-up", ENABLED, "Phase::Forwarded => call.peer().is_none(),", "Phase::Forwarded => true,"),
    ("late-for-nothing", ENABLED, "} else if self.left.left(Fault::Late) > 0 {", "} else if self.left.left(Fault::Late) < u8::MAX {"),
    ("nothing-suppressed", ENABLED, "let bag = if deaf { &self.bag[..] } else { &[] };", "let bag = if deaf { &self.bag[..0] } else { &[] };"),
    ("time-passes-at-work", ENABLED, "if self.is_at_rest() {", "if !self.bag.is_empty() {"),
    ("renewal-is-free", ENABLED, "if self.is_overdue(*node) {\n                    out.push", "if !self.is_overdue(*node) {\n                    out.push"),
    ("overdue-for-ever", STATE, "self.overdue &= !self.holding();", ""),
    ("renewals-kept", STATE, "true if self.overdue == 0 => 0,", "true if self.overdue == 0 => u8::MAX,"),
    ("overdue-has-no-face", STATE, "portrait.0 = portrait.0.wrapping_add(u128::from(self.is_overdue(id)));", ""),
    ("messages-bring-no-grant", STATE, "Some(!held && !self.bag.iter().any(|message| brings(message, accepts)))", "Some(!held && (self.bag.is_empty() || accepts(crate::oauth::Token::numbered(u32::MAX))))"),
    ("arrivals-not-pending", STATE, "self.world.calls().len() + arriving.count()", "self.world.calls().len() + arriving.count() / 9"),
    ("always-disturbed", STEP, "next.disturbed |= fault != Fault::Renewal;", "next.disturbed |= fault != Fault::Drop;"),
    ("unfair-livelock", LIVENESS, "own.is_some_and(|own| own.always.is_within(own.taken))", "own.is_some()"),
    ("strong-fairness", LIVENESS, "own.always = own.always.and(self.owed(state).moved(naming.who(state)));", "own.always = own.always.or(self.owed(state).moved(naming.who(state)));"),
    ("faults-free", "crates/core/src/engine/check/components.rs", ".filter(|edge| edge.label != FAULT)", ".filter(|_| true)"),
    ("faults-undo-deadlock", LIVENESS, "self.edges(state).iter().all(|edge| edge.label == FAULT)", "self.edges(state).is_empty()"),
    ("bound-of-the-last", LIVENESS, "most[own] = most[own].max(beyond);", "most[own] = beyond;"),
    ("granted-is-taken", LABEL, "Answer::Busy => 6,", "Answer::Busy => 5,"),
    ("requests-of-the-dead", LABEL, "let forsaken = u8::from(!is_awaited);", "let forsaken = u8::from(!is_awaited && is_awaited);"),
    ("names-the-wrong-way", "crates/core/src/engine/check/naming.rs", "edge.places.inverse().then(who)", "edge.places.then(who)"),
    ("dear-in-both", RECOVERY, "cost.token_requests > token_requests || cost.attempts > attempts", "cost.token_requests > token_requests && cost.attempts > attempts"),
    ("refused-for-ever", HISTORY, "named.is_some()", "named.is_some() || *token != Token::numbered(1)"),
    ("answers-to-any-slot", HISTORY, "self.nodes[node.index()].asked.retain(|(other, _)| *other != asker),", "drop((asker, self.nodes[node.index()].asked.pop())),"),
    ("restart-remembers", HISTORY, "Event::NodeStarted { node } => self.nodes[node.index()] = NodeHistory::default(),", "Event::NodeStarted { node } => self.nodes[node.index()].asked.clear(),"),
    ("s1-never", SAFETY, "Some(!regressed)", "Some(!regressed || *regressed)"),
    ("s2a-of-three", SAFETY, "history.asking(bucket) <= 1", "history.asking(bucket) <= 2"),
    ("s4-known-or-not", SAFETY, "view.is_live(token) || !view.was_known(token)", "view.is_live(token) || view.was_known(token) != view.was_known(token)"),
    ("s6-disturbed", SAFETY, "Some(!view.is_undisturbed())", "Some(view.is_undisturbed())"),
    ("s7-same-token", SAFETY, "before.is_none_or(|sent| sent == *token) || before == after", "before == after"),
    ("s9-of-three", SAFETY, "history.waits_for(*node) <= 1", "history.waits_for(*node) <= 2"),
    ("f1-never", GRANTS, "Some(!reuse)", "Some(!reuse || *reuse)"),
    ("f2-never", GRANTS, "Event::CredentialCleared { good } => Some(!good),", "Event::CredentialCleared { good } => Some(!good || *good),"),
]

# Mutants of which it is known that no test can see them, and why: the manual says it in full.
KNOWN = {
    "overdue-has-no-face": "a portrait only decides which nodes change places; another order costs states, and no verdict",
}


def run(*command, **options):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **options)


def outcome(profile):
    """What becomes of the tests."""
    for tests in (["--lib"], ["--test", "check"], ["--test", "testing", "--test", "canaries", "--test", "fuzz"]):
        lib = ["--", "check::", "property::", "fuzz::"] if tests == ["--lib"] else []
        done = run("cargo", "test", "-q", *profile, *tests, *lib)
        if done.returncode != 0:
            text = done.stdout + done.stderr
            if "error: could not compile" in text:
                return "does not compile"
            failed = [line.split()[1] for line in text.splitlines() if line.startswith("test ") and "FAILED" in line]
            named = [line.strip() for line in text.splitlines() if line.startswith("    ") and "::" in line]
            return "seen by " + (failed + named + ["a panic"])[0]
    return None


def main():
    words = sys.argv[1:]
    profile = [] if "--dev" in words else ["--release"]
    wanted = [word for word in words if not word.startswith("--")]
    if run("git", "status", "--porcelain", "--untracked-files=no").stdout:
        sys.exit("the checkout has changes: commit or put them away first")
    unexplained = 0
    for name, file, before, after in MUTANTS:
        if wanted and name not in wanted:
            continue
        path = ROOT / file
        text = path.read_text()
        if text.count(before) != 1:
            sys.exit(f"{name}: {file} has `{before}` {text.count(before)} times")
        begun = time.monotonic()
        try:
            path.write_text(text.replace(before, after))
            said = outcome(profile)
        finally:
            path.write_text(text)
        known = KNOWN.get(name)
        if said is None:
            said = f"survives, as is known: {known}" if known else "SURVIVES"
            unexplained += known is None
        print(f"{name:28} {time.monotonic() - begun:6.0f} s  {said}", flush=True)
    sys.exit(min(unexplained, 1))


if __name__ == "__main__":
    main()
