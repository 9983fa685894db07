//! Numbers, as people read them.

/// `1234567` as `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number with its noun: `1 step`, `12 steps`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A duration in microseconds: `0.04 s`, `12.3 s`, `3m 12s`, `2h 05m`.
pub fn elapsed(us: u64) -> String {
    let seconds = us / 1_000_000;
    match seconds {
        0..10 => format!("{:.2} s", us as f64 / 1e6),
        10..60 => format!("{:.1} s", us as f64 / 1e6),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3_600, seconds / 60 % 60),
    }
}

/// A size in bytes: `640 B`, `1.5 KiB`, `2.0 GiB`.
pub fn bytes(number: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut size, mut unit_ix) = (number as f64, 0);
    while size >= 1_024.0 && unit_ix + 1 < units.len() {
        size /= 1_024.0;
        unit_ix += 1;
    }
    if unit_ix == 0 { format!("{number} B") } else { format!("{size:.1} {}", units[unit_ix]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([counted(1, "step"), counted(2, "step")], ["1 step", "2 steps"]);
        let us = [4_000, 9_990_000, 12_340_000, 192_000_000, 7_500_000_000];
        assert_eq!(us.map(elapsed), ["0.00 s", "9.99 s", "12.3 s", "3m 12s", "2h 05m"]);
        assert_eq!([640, 1_536, 2 << 30].map(bytes), ["640 B", "1.5 KiB", "2.0 GiB"]);
    }
}
