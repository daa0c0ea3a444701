//! Every strategy, with settings for plans that are built in code.

use tokenstorm::base::Duration;
use tokenstorm::retry::Attempts;
use tokenstorm::strategy::{
    AppPerNode, CentralRefresher, ClockFirst, CompareAndSet, CompareFirst, Coordination, Covers, FileLock, Gateway,
    Gossip, Leader, Lease, LockKind, Meanwhile, Naive, OnInvalidGrant, OnRefused, Over, Publish, PutIfNewer, Release,
    RenewAhead, Reread, Rotation, ScheduledRefresher, SharedBlind, SingleFlight, SlotPerNode, TokenPerCall, Ttl,
    WaitAndLook, WhenStuck, WhoAsks, WipingLoser, Write, Xfetch,
};

use super::ms;

pub fn a_lease() -> Lease {
    Lease {
        ttl: Ttl::After(Duration::from_secs(10)),
        extend_every: None,
        poll: ms(50),
        wait: Duration::from_secs(12),
        when_stuck: WhenStuck::Fail,
        write: Write::Blind,
        publish: Publish::Acknowledged,
        covers: Covers::Renewal,
        release: Release::Owner,
        read_before_lock: false,
        on_invalid_grant: OnInvalidGrant::Fail,
        renew_ahead: None,
        jitter: Duration::ZERO,
    }
}

/// A lease in which nothing is as in [`a_lease`].
pub fn another_lease() -> Lease {
    Lease {
        ttl: Ttl::After(ms(400)),
        extend_every: Some(ms(150)),
        poll: ms(30),
        wait: ms(300),
        when_stuck: WhenStuck::UseStale,
        write: Write::Fenced,
        publish: Publish::Unacknowledged,
        covers: Covers::Renewal,
        release: Release::Unchecked,
        read_before_lock: true,
        on_invalid_grant: OnInvalidGrant::Reread,
        renew_ahead: Some(ms(500)),
        jitter: ms(500),
    }
}

pub fn slots(count: u16) -> Coordination {
    Coordination::SlotPerNode(SlotPerNode {
        hashed: None,
        slots: count,
        first: 0,
        parameter: None,
        fall_back: false,
        known: true,
    })
}

/// One of each strategy and of its variants, with parameters that suit runs of seconds.
pub fn every_strategy() -> Vec<Coordination> {
    // Tests take some of them by their place.
    [
        first_strategies(),
        strategies_with_a_store(),
        strategies_that_elect_or_lock(),
    ]
    .concat()
}

fn first_strategies() -> Vec<Coordination> {
    vec![
        Coordination::TokenPerCall(TokenPerCall {}),
        Coordination::Naive(Naive {}),
        Coordination::SingleFlight(SingleFlight {}),
        Coordination::CompareFirst(CompareFirst {}),
        Coordination::WaitAndLook(WaitAndLook { spread: ms(200) }),
        Coordination::SharedBlind(SharedBlind::default()),
        Coordination::Lease(a_lease()),
        Coordination::Gateway(Gateway {}),
        slots(2),
        Coordination::AppPerNode(AppPerNode { apps: 2 }),
        Coordination::Rotation(Rotation {
            over: Over::Apps,
            count: 2,
            lease: a_lease(),
        }),
        Coordination::RenewAhead(RenewAhead {
            margin: ms(500),
            jitter: ms(500),
        }),
    ]
}

fn strategies_with_a_store() -> Vec<Coordination> {
    vec![
        Coordination::CompareAndSet(CompareAndSet { spare: false }),
        Coordination::CompareAndSet(CompareAndSet { spare: true }),
        Coordination::PutIfNewer(PutIfNewer {}),
        Coordination::Reread(Reread::default()),
        Coordination::Reread(Reread {
            before: true,
            only_reads: false,
        }),
        Coordination::WipingLoser(WipingLoser::default()),
        Coordination::WipingLoser(WipingLoser {
            compare: true,
            before: true,
        }),
        Coordination::Xfetch(Xfetch {
            beta: "1.5".parse().unwrap(),
        }),
        Coordination::Lease(another_lease()),
        Coordination::Lease(Lease {
            ttl: Ttl::Never,
            when_stuck: WhenStuck::GoAlone,
            write: Write::PutIfNewer,
            ..a_lease()
        }),
        Coordination::SharedBlind(SharedBlind { expire_first: true }),
    ]
}

fn strategies_that_elect_or_lock() -> Vec<Coordination> {
    vec![
        Coordination::CentralRefresher(CentralRefresher {
            renew_ahead: Some(ms(500)),
            try_again: None,
            wait: ms(900),
            on_request: true,
        }),
        Coordination::Leader(Leader {
            ttl: ms(900),
            poll: ms(50),
            wait: ms(2000),
            renew_ahead: Some(ms(500)),
        }),
        Coordination::Gossip(Gossip {
            fanout: None,
            wait: Duration::ZERO,
        }),
        Coordination::Gossip(Gossip {
            fanout: Some(2),
            wait: ms(50),
        }),
        Coordination::FileLock(FileLock {
            kind: LockKind::Flock,
            covers: Covers::Renewal,
            poll: ms(50),
            wait: ms(2000),
            when_stuck: WhenStuck::Fail,
        }),
        Coordination::FileLock(FileLock {
            kind: LockKind::LockFile,
            covers: Covers::Write,
            poll: ms(50),
            wait: ms(300),
            when_stuck: WhenStuck::GoAlone,
        }),
        Coordination::ClockFirst(ClockFirst {
            margin: ms(500),
            jitter: ms(500),
            flight: WhoAsks::Queue,
            ..ClockFirst::default()
        }),
        Coordination::ClockFirst(ClockFirst {
            margin: ms(500),
            background: Some(ms(900)),
            flight: WhoAsks::Shared,
            refused: OnRefused::Compare,
            ..ClockFirst::default()
        }),
        Coordination::ScheduledRefresher(by_schedule()),
        Coordination::ScheduledRefresher(ScheduledRefresher {
            every: ms(3000),
            at: Some(ms(700).into()),
            within: Some(ms(6000)),
            meanwhile: Meanwhile::Ask,
            fresh_for: Some(ms(500)),
            ..by_schedule()
        }),
    ]
}

fn by_schedule() -> ScheduledRefresher {
    ScheduledRefresher {
        // No run is under way when runs of whole seconds end.
        every: ms(4100),
        at: None,
        at_start: true,
        within: None,
        tries: Attempts::at_most(3),
        try_again: ms(50),
        meanwhile: Meanwhile::Wait(ms(900)),
        poll: ms(50),
        fresh_for: None,
    }
}
