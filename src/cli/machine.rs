//! How much memory there is.

use std::fs;

/// What searches may take together unless they are told: three quarters of what is free, so that the machine stays
/// usable and tables whose size is only estimated find room. `None` where nobody says what is free.
pub(super) fn memory_share() -> Option<u64> {
    let free = free_bytes(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let read = |file: &str| fs::read_to_string(format!("/sys/fs/cgroup/{file}")).unwrap_or_default();
    let left = left_bytes(&read("memory.max"), &read("memory.current"));
    Some(left.map_or(free, |left| left.min(free)) / 4 * 3)
}

/// What Linux says is available.
fn free_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// What a control group leaves, if it has a limit.
fn left_bytes(max: &str, current: &str) -> Option<u64> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    Some(number(max)?.saturating_sub(number(current)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_read() {
        assert_eq!(free_bytes("MemTotal:  100 kB\nMemAvailable:     24 kB\n"), Some(24 << 10));
        assert_eq!(free_bytes("MemTotal:  100 kB\n"), None);
        assert_eq!(left_bytes("max\n", "17\n"), None);
        assert_eq!(left_bytes("100\n", "17\n"), Some(83));
    }
}
