//! The `guildhall` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    return_large_allocations();
    guildhall::cli::main()
}

/// Has the allocator give large blocks back as soon as they are freed. By default glibc raises the size from which it
/// does with the first such block that is freed, and every thread that ever hashed a password keeps its memory (19 MiB).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "mallopt has no safe wrapper; it only sets a number, before any other thread runs"
)]
fn return_large_allocations() {
    const BYTES: std::ffi::c_int = 1 << 20;
    // SAFETY: mallopt(3) asks for nothing but a known parameter and a value in its range (at most 32 MiB).
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, BYTES);
    }
}
