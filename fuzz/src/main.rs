//! libFuzzer on one of the parsers: the one named by the environment variable `TARGET`. See
//! `run.sh`.

#![no_main]

mod parsers;

use libfuzzer_sys::fuzz_target;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::OnceLock;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(
    init: {
        let wanted = std::env::var("TARGET").unwrap_or_default();
        let found = parsers::TARGETS.iter().find(|(name, _)| *name == wanted);
        let (_, target) = found.unwrap_or_else(|| {
            panic!("TARGET is `{wanted}`, expected one of {:?}", parsers::TARGETS.map(|(name, _)| name))
        });
        TARGET.get_or_init(|| *target);
    },
    |bytes: &[u8]| if let Some(target) = TARGET.get() {
        target(bytes);
    }
);

/// Refuses what no input of a few kB deserves, which ends the process. libFuzzer's own
/// `-malloc_limit_mb` needs a sanitizer.
struct Limited;

/// Most bytes of one allocation.
const MOST_BYTES: usize = 64 << 20;

#[global_allocator]
static ALLOCATOR: Limited = Limited;

// SAFETY: all is passed on to the system's allocator, or refused with a null pointer, as the
// contract allows.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > MOST_BYTES { std::ptr::null_mut() } else { unsafe { System.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() > MOST_BYTES { std::ptr::null_mut() } else { unsafe { System.alloc_zeroed(layout) } }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size > MOST_BYTES { std::ptr::null_mut() } else { unsafe { System.realloc(pointer, layout, size) } }
    }
}
