//! `stackc lock --cloudflare-from FILE`: whom Traefik believes is taken from a whole, plausible list or not at all.

use crate::stack::{Folder, Ran};

const STACK: &str = "stackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n\
                     ingress: {clientIP: cloudflare, place: {node: alpha}}\n";

/// As published (the project's facts page on k3s, 9), in Cloudflare's order.
const V4: &str = "173.245.48.0/20\n103.21.244.0/22\n103.22.200.0/22\n103.31.4.0/22\n141.101.64.0/18\n108.162.192.0/18\n\
                  190.93.240.0/20\n188.114.96.0/20\n197.234.240.0/22\n198.41.128.0/17\n162.158.0.0/15\n104.16.0.0/13\n\
                  104.24.0.0/14\n172.64.0.0/13\n131.0.72.0/22\n";
const V6: &str = "2400:cb00::/32\n2606:4700::/32\n2803:f800::/32\n2405:b500::/32\n2405:8100::/32\n2a06:98c0::/29\n2c0f:f248::/32";
const ETAG: &str = "38f79d050aa027e3be3865e495dcc9bc";

fn whole() -> String {
    format!("{V4}{V6}\n")
}

/// The same as the API answers.
fn api() -> String {
    let words = |text: &str| text.lines().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(",");
    format!(
        "{{\"result\":{{\"ipv4_cidrs\":[{}],\"ipv6_cidrs\":[{}],\"etag\":\"{ETAG}\"}},\"success\":true,\"errors\":[],\"messages\":[]}}",
        words(V4),
        words(V6)
    )
}

/// A stack with a lock of the whole list.
fn locked() -> Folder {
    let folder = Folder::new().with("home/stack.yaml", STACK).with("list", whole());
    let ran = folder.stackc("lock --offline --cloudflare-from list");
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert_eq!(
        ran.out,
        "added   22 ranges of Cloudflare\nwrote home/stackc.lock (0 images, 22 ranges of Cloudflare)\n"
    );
    folder
}

fn take(folder: &Folder, list: impl AsRef<[u8]>) -> Ran {
    folder.write("list", list);
    folder.stackc("lock --offline --cloudflare-from list")
}

#[test]
fn the_list_in_every_form_is_one_list() {
    let folder = locked();
    let lock = folder.read("home/stackc.lock");
    let ranges: Vec<&str> = lock.lines().filter_map(|line| line.strip_prefix("  - ")).collect();
    let mut expected: Vec<&str> = V4.lines().chain(V6.lines()).collect();
    assert_eq!(ranges.len(), expected.len());
    expected.retain(|range| !ranges.contains(&format!("\"{range}\"").as_str()));
    assert_eq!(expected, Vec::<&str>::new());

    let backwards: Vec<&str> = V6.lines().chain(V4.lines()).rev().collect();
    for form in [
        format!("{V4}{V6}"),
        whole().replace('\n', "\r\n"),
        format!("\u{feff}{}", whole()),
        whole().replace('\n', " \t "),
        backwards.join("\n"),
    ] {
        let ran = take(&folder, &form);
        assert_eq!((ran.status, ran.out.as_str()), (0, "home/stackc.lock is up to date\n"), "{form}");
    }
    // the API knows its mark, which text that says the same does not lose
    assert_eq!(take(&folder, api()).status, 0);
    assert!(folder.read("home/stackc.lock").contains(&format!("\n  etag: \"{ETAG}\"\n")));
    assert_eq!(take(&folder, whole()).out, "home/stackc.lock is up to date\n");
    // build believes whom the lock names: IPv6 where the cluster speaks it
    let built = folder.stackc("build").out;
    assert!(V4.lines().all(|range| built.contains(range)) && !V6.lines().any(|range| built.contains(range)));
    assert_eq!(folder.stackc("check --locked --deny warnings").status, 0);
}

#[test]
fn a_bad_list_is_a_finding_and_changes_nothing() {
    let folder = locked();
    let lock = folder.read("home/stackc.lock");
    let with = |word: &str| format!("{}{word}\n", whole());
    let lists: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "0 IPv4 and 0 IPv6 ranges: a whole list has at least 10 and 5"),
        (b" \n\n".into(), "0 IPv4 and 0 IPv6 ranges"),
        (V4.into(), "15 IPv4 and 0 IPv6 ranges"),
        (V6.into(), "0 IPv4 and 7 IPv6 ranges"),
        (b"<!DOCTYPE html><html><title>Attention Required!</title>".into(), "it is a web page"),
        (with("</html>").into(), "\"</html>\" is not a network such as 173.245.48.0/20"),
        (with("# by hand").into(), "\"#\" is not a network"),
        (
            V4.trim_end().to_owned().into_bytes().into_iter().chain(V6.bytes()).collect(),
            "\"131.0.72.0/222400:cb00::/32\" is not a network",
        ),
        (
            with("173.245.49.0/20").into(),
            "173.245.49.0/20 has bits set behind its prefix: 173.245.48.0/20 is the network",
        ),
        (with("2606:4700::1/32").into(), "2606:4700::1/32 has bits set behind its prefix"),
        (with("8.8.8.8").into(), "\"8.8.8.8\" is not a network"),
        (with("08.8.8.0/24").into(), "\"08.8.8.0/24\" is not how a network is written: 8.8.8.0/24"),
        (with("0.0.0.0/0").into(), "0.0.0.0/0 is not a public network"),
        (with("::/0").into(), "::/0 is not a public network"),
        (with("10.253.0.0/16").into(), "10.253.0.0/16 is not a public network"),
        (with("100.64.0.0/10").into(), "100.64.0.0/10 is not a public network"),
        (with("192.168.1.0/24").into(), "192.168.1.0/24 is not a public network"),
        (with("fd00::/32").into(), "fd00::/32 is not a public network"),
        (with("fe80::/64").into(), "fe80::/64 is not a public network"),
        (with("::ffff:8.8.8.0/120").into(), "is not a public network"),
        (with("64.0.0.0/8").into(), "64.0.0.0/8 is too wide: /12 is the widest to be believed"),
        (with("2600::/16").into(), "2600::/16 is too wide: /24 is the widest to be believed"),
        (with("104.16.0.0/13").into(), "104.16.0.0/13 contains 104.16.0.0/13"),
        (with("104.24.5.0/24").into(), "104.24.0.0/14 contains 104.24.5.0/24"),
        (with("104.28.0.0/14").into(), "the list is old: Cloudflare gave up 104.28.0.0/14 in April 2021"),
        (with("104.30.0.0/16").into(), "the list is old: Cloudflare gave up 104.28.0.0/14 in April 2021"),
        (
            whole().replace("104.16.0.0/13\n104.24.0.0/14", "104.16.0.0/12").into(),
            "the list is old: Cloudflare gave up 104.28.0.0/14 in April 2021",
        ),
        (with("199.27.128.0/21").into(), "the list is old: Cloudflare gave up 199.27.128.0/21 in June 2017"),
        (b"\xff\xfe1\x007\x003\x00".into(), "is not a network"),
        (with("8.8.8.0/24\u{1b}[2J").into(), "is not a network"),
        (format!("{}{}<html>", whole(), " ".repeat(70_000)).into(), "it has more than 65536 bytes"),
        (b"{}".into(), "it is not what Cloudflare's API answers"),
        (api().replace("true", "false").into(), "it says itself that it is no success"),
        (
            b"{\"result\":null,\"success\":true,\"errors\":[],\"messages\":[]}".into(),
            "it says itself that it is no success",
        ),
        (api().get(..300).unwrap().into(), "it is not what Cloudflare's API answers: EOF"),
        (api().replace(ETAG, "").into(), "its etag `` is not 32 hex digits"),
        (
            api().replace("ipv4", "ipv5").replace("ipv6", "ipv4").replace("ipv5", "ipv6").into(),
            "`2400:cb00::/32` has no place in ipv4_cidrs",
        ),
        (
            api().replace("\"131.0.72.0/22\"", "\"131.0.72.0/22 8.8.8.0/24\"").into(),
            "`131.0.72.0/22 8.8.8.0/24` has no place in ipv4_cidrs",
        ),
    ];
    for (list, reason) in lists {
        let shown = String::from_utf8_lossy(&list).into_owned();
        let ran = take(&folder, list);
        assert_eq!(ran.status, 1, "{shown}\n{}", ran.out);
        assert!(
            ran.out.starts_with("error[cloudflare-list-invalid]: ") && ran.out.contains(reason),
            "{reason}\n{}",
            ran.out
        );
        assert!(ran.out.contains("--> list:1:1\n") && ran.out.contains("= help: curl "), "{}", ran.out);
        assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
        assert!(ran.out.ends_with("home/stackc.lock is as it was\n"), "{}", ran.out);
        assert_eq!(folder.read("home/stackc.lock"), lock, "{reason}");
        assert_eq!(folder.list("home"), ["stack.yaml", "stackc.lock"]);
    }
}

#[test]
fn what_comes_and_goes_is_told() {
    let folder = locked();
    let other = whole().replace("131.0.72.0/22\n", "8.8.8.0/24\n");
    folder.write("list", &other);
    let removed = "removed 131.0.72.0/22: Cloudflare gave it up; build and install now, for its new owner is believed until then\n";
    let told = format!("{removed}added   8.8.8.0/24, of Cloudflare\n");
    let before = folder.read("home/stackc.lock");
    let ran = folder.stackc("lock --check --offline --cloudflare-from list");
    assert_eq!(
        (ran.status, ran.out),
        (1, format!("{told}home/stackc.lock is not up to date: stackc lock\n"))
    );
    assert_eq!(folder.read("home/stackc.lock"), before);
    let ran = folder.stackc("lock --offline --cloudflare-from list");
    assert_eq!(
        (ran.status, ran.out),
        (0, format!("{told}wrote home/stackc.lock (0 images, 22 ranges of Cloudflare)\n"))
    );
    assert!(!folder.stackc("build").out.contains("131.0.72.0/22"));
}

#[test]
fn files_that_are_none() {
    let folder = locked();
    let lock = folder.read("home/stackc.lock");
    std::fs::create_dir(folder.at("folder")).unwrap();
    crate::tools::stdout(std::process::Command::new("mkfifo").arg(folder.at("fifo")));
    for (path, reason) in [
        ("folder", "folder is no regular file"),
        ("fifo", "fifo is no regular file"),
        ("/dev/zero", "/dev/zero is no regular file"),
        ("missing", "missing: No such file or directory"),
    ] {
        let ran = folder.stackc(&format!("lock --offline --cloudflare-from {path}"));
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{path}");
        assert!(ran.err.contains(reason), "{}", ran.err);
        assert_eq!(folder.read("home/stackc.lock"), lock);
    }
}

#[test]
fn a_lock_with_a_range_that_went_is_an_error_until_it_is_mended() {
    let folder = locked();
    let old = folder
        .read("home/stackc.lock")
        .replace("104.16.0.0/13", "104.16.0.0/12")
        .replace("  - \"104.24.0.0/14\"\n", "");
    folder.write("home/stackc.lock", &old);
    for command in ["check", "build"] {
        let ran = folder.stackc(command);
        let text = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.status, 1, "{text}");
        assert!(
            text.contains("error[range-delisted]: Cloudflare gave up 104.28.0.0/14 in April 2021\n"),
            "{text}"
        );
        assert!(text.contains(" --> home/stackc.lock:8:5\n"), "{text}");
    }
    let ran = folder.stackc("lock --offline");
    assert_eq!((ran.status, ran.out.as_str()), (0, "home/stackc.lock is up to date\n"), "nobody was asked");
    let ran = take(&folder, whole());
    assert!(
        ran.out.starts_with("removed 104.16.0.0/12: ") && ran.out.contains("added   104.24.0.0/14"),
        "{}",
        ran.out
    );
    assert_eq!(folder.stackc("check").status, 0);
}

#[test]
fn without_ranges_in_the_lock() {
    let folder = Folder::new().with("home/stack.yaml", STACK);
    let ran = folder.stackc("check --deny warnings");
    assert_eq!((ran.status, ran.out.lines().count()), (0, 1), "{}", ran.out);
    let ran = folder.stackc("check --locked");
    assert_eq!(ran.status, 1);
    assert!(
        ran.out.contains("error[lock-lacks]: Cloudflare's ranges are not in stackc.lock\n"),
        "{}",
        ran.out
    );
    assert!(folder.stackc("build --locked").err.contains("error[lock-lacks]"));
    folder.write("home/stackc.lock", "stackc: 1\n# end of stackc.lock\n");
    let ran = folder.stackc("check --deny warnings");
    assert_eq!(ran.status, 0, "{}", ran.out);
    assert!(
        ran.out.contains("note[lock-lacks]: Cloudflare's ranges are not in stackc.lock\n"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("those that stackc carries are used; they were current on 20"), "{}", ran.out);
}
