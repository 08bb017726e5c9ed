//! What content is called by: the hash of its bytes.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A hash as registries write it: `sha256:…`.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", HEXLOWER.encode(&sha256(bytes)))
}

/// Whether `digest` names these bytes. One of an algorithm that nobody knows names nothing.
pub fn names(digest: &str, bytes: &[u8]) -> bool {
    let actual = match digest.split_once(':').map(|(algorithm, _)| algorithm) {
        Some("sha256") => HEXLOWER.encode(&Sha256::digest(bytes)),
        Some("sha384") => HEXLOWER.encode(&Sha384::digest(bytes)),
        Some("sha512") => HEXLOWER.encode(&Sha512::digest(bytes)),
        _ => return false,
    };
    digest.split_once(':').is_some_and(|(_, expected)| expected == actual)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's example for `abc`.
    const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn known_answers() {
        assert_eq!(digest(b"abc"), ABC);
        assert!(names(ABC, b"abc") && !names(ABC, b"abd"));
        let long = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                    2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        assert!(names(long, b"abc") && !names(long, b""));
        assert!(!names("md5:900150983cd24fb0d6963f7d28e17f72", b"abc") && !names("", b""));
    }
}
