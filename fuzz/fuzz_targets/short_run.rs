#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    tokenstorm_fuzz::short_run(data);
});
