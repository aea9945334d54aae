//! The `guildhall` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    memory::give_back();
    guildhall::cli::main()
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod memory {
    use std::{ffi::c_int, thread, time::Duration};

    /// Blocks of this many bytes and more go back as soon as they are freed.
    const LARGE: c_int = 1 << 20;
    /// Until the first look for what else can go back: a start is through then.
    const FIRST: Duration = Duration::from_secs(2);
    /// Between two looks.
    const NEXT: Duration = Duration::from_secs(60);

    /// Has the allocator give memory back to the system. By default glibc raises the size from which it does so with the
    /// first large block that is freed, and every thread that ever hashed a password keeps its memory (19 MiB); and of what
    /// lies below a block that is still used it gives nothing back: what the start alone needs stays.
    pub(super) fn give_back() {
        return_large_blocks();
        let look = || {
            thread::sleep(FIRST);
            loop {
                trim();
                thread::sleep(NEXT);
            }
        };
        // Without the thread the program takes more memory, and works.
        let _ = thread::Builder::new().name("memory".to_owned()).spawn(look);
    }

    #[expect(
        unsafe_code,
        reason = "mallopt has no safe wrapper; it only sets a number, before any other thread runs"
    )]
    fn return_large_blocks() {
        // SAFETY: mallopt(3) asks for nothing but a known parameter and a value in its range (at most 32 MiB).
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        }
    }

    #[expect(unsafe_code, reason = "malloc_trim has no safe wrapper")]
    fn trim() {
        // SAFETY: malloc_trim(3) takes each arena's own lock and gives back only pages that hold no block.
        unsafe {
            libc::malloc_trim(0);
        }
    }
}
