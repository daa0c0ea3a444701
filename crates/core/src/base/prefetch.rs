//! A hint to the processor.

#![allow(unsafe_code)]

/// Starts to fetch an element into the cache, and waits for nothing; a hint about what does not exist is none.
#[inline(always)]
pub fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let place = slice.as_ptr().wrapping_add(index);
        // SAFETY: a prefetch reads nothing and faults nowhere, whatever the address.
        unsafe { _mm_prefetch(place.cast::<i8>(), _MM_HINT_T0) };
        // A record that is longer than a line, or lies across two.
        if size_of::<T>() > 32 {
            // SAFETY: as above.
            unsafe { _mm_prefetch(place.wrapping_add(1).cast::<i8>().wrapping_sub(1), _MM_HINT_T0) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}
