//! Durations and sizes, as people write them.

use std::time::Duration;

pub(super) const DURATION: &str = "a duration such as \"500ms\", \"60s\", \"5m\" or \"2h\"";
pub(super) const SIZE: &str = "a size such as \"512M\" or \"2G\"";

/// A duration: `500ms`, `60s`, `5m`, `2h`.
///
/// # Errors
/// What was expected.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (count, unit) = split(text);
    let ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    product(count, ms).map(Duration::from_millis).ok_or_else(|| DURATION.to_owned())
}

/// A size in bytes: `512K`, `64M`, `2G`, `1T`, by powers of 1024.
///
/// # Errors
/// What was expected.
pub fn size(text: &str) -> Result<u64, String> {
    let (count, unit) = split(text);
    let bytes = match unit.trim_end_matches("iB") {
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1_u64 << 40,
        _ => 0,
    };
    product(count, bytes).ok_or_else(|| SIZE.to_owned())
}

fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// `None` for what is no number, too large, or nothing at all.
fn product(count: &str, unit: u64) -> Option<u64> {
    count.parse::<u64>().ok()?.checked_mul(unit).filter(|product| *product > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_a_number_and_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(size("2G"), Ok(2 << 30));
        assert_eq!(size("64MiB"), Ok(64 << 20));
        for wrong in ["", "s", "60", "-1s", "1.5h", "0s", "60 s", "99999999999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "G", "2", "2g", "2GB", "0G", "99999999999T"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
