#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    tokenstorm_fuzz::case_file(data);
});
