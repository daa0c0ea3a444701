//! Names of things: small integers that cannot be mixed up.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// As an index into a list.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// A party that runs a strategy: a node of a fleet, or a gateway.
    NodeId(u32)
);
id!(
    /// A place in a table of things under way; it is used again once its holder has gone.
    CallId(u32)
);
id!(
    /// Calls that are counted together: one workload of one fleet.
    Group(u16)
);
