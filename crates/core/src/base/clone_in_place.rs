//! Copies that use memory again.

/// [`Clone`] for a struct, field by field: `clone_from` keeps the memory that each field has, which the derived one gives up.
///
/// Every field has to be named, or it does not compile.
macro_rules! clone_in_place {
    ($name:ident $(<$($parameter:ident $(: $bound:path)?),+>)? { $($field:ident),+ $(,)? }) => {
        impl $(<$($parameter: $($bound +)? Clone),+>)? Clone for $name $(<$($parameter),+>)? {
            fn clone(&self) -> Self {
                let Self { $($field),+ } = self;
                Self { $($field: $field.clone()),+ }
            }

            fn clone_from(&mut self, source: &Self) {
                let Self { $($field),+ } = source;
                $(self.$field.clone_from($field);)+
            }
        }
    };
}
pub(crate) use clone_in_place;
