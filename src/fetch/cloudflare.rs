//! Cloudflare's ranges, from where it publishes them or from a file that was fetched by other means.

use reqwest::{Method, Url};
use serde::Deserialize;

use super::failure::{Cause, Failure};
use super::http::Question;
use super::place::host;
use super::said::clean;
use super::{Client, Errand, Progress};
use crate::k3s::{Ranges, parse_ranges};

/// Bytes of a list; the real ones have 300.
const LONGEST: u64 = 64 * 1024;

/// Where the ranges are published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// As JSON, with Cloudflare's own mark of the list.
    pub api: String,
    /// As text.
    pub v4: String,
    /// As text.
    pub v6: String,
}

impl Default for Published {
    fn default() -> Published {
        Published {
            api: "https://api.cloudflare.com/client/v4/ips".into(),
            v4: "https://www.cloudflare.com/ips-v4".into(),
            v6: "https://www.cloudflare.com/ips-v6".into(),
        }
    }
}

#[derive(Deserialize)]
struct Api {
    success: bool,
    result: Option<Lists>,
}

#[derive(Deserialize)]
struct Lists {
    ipv4_cidrs: Vec<String>,
    ipv6_cidrs: Vec<String>,
    etag: Option<String>,
}

/// Reads a list: the API's JSON, or both text lists one after the other.
///
/// # Errors
/// Why it is not to be believed, in a user's words; nothing of it is taken then.
pub fn parse_cloudflare(text: &str) -> Result<Ranges, String> {
    let text = text.trim_start_matches('\u{feff}').trim();
    match text.chars().next() {
        Some('{') => json(text),
        Some('<') => Err("it is a web page".into()),
        _ => parse_ranges(text).map_err(|reason| clean(&reason)),
    }
}

fn json(text: &str) -> Result<Ranges, String> {
    let api: Api = serde_json::from_str(text)
        .map_err(|error| format!("it is not what Cloudflare's API answers: {}", clean(&error.to_string())))?;
    let Api { success: true, result: Some(lists) } = api else {
        return Err("it says itself that it is no success".into());
    };
    family(&lists.ipv4_cidrs, "ipv4_cidrs", '.')?;
    family(&lists.ipv6_cidrs, "ipv6_cidrs", ':')?;
    let etag = lists.etag.unwrap_or_default();
    if etag.len() != 32 || !etag.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(format!("its etag `{}` is not 32 hex digits", clean(&etag)));
    }
    let ranges = parse_ranges(&[lists.ipv4_cidrs, lists.ipv6_cidrs].concat().join("\n"));
    ranges.map(|ranges| Ranges { etag: Some(etag), ..ranges }).map_err(|reason| clean(&reason))
}

/// Each family in its own list: a mixture is no list of Cloudflare's.
fn family<'a>(words: impl IntoIterator<Item = &'a String>, list: &str, mark: char) -> Result<(), String> {
    let strange = words.into_iter().find(|word| !word.contains(mark) || word.contains(char::is_whitespace));
    strange.map_or(Ok(()), |word| Err(format!("`{}` has no place in {list}", clean(word))))
}

impl Client {
    /// The ranges as published: from the API, else from the text lists.
    ///
    /// # Errors
    /// Why neither gave a list that is to be believed.
    pub fn cloudflare(
        &self,
        published: &Published,
        notice: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<Ranges, Failure> {
        let errand = Errand::new("Cloudflare's ranges", self, notice);
        let failed = match self
            .list(&published.api, &errand)
            .and_then(|text| believed(&published.api, parse_cloudflare(&text)))
        {
            Ok(ranges) => return Ok(ranges),
            Err(failed) => failed,
        };
        errand.note(format!("before that: {failed}"));
        self.texts(published, &errand).map_err(|cause| errand.failure(cause))
    }

    fn texts(&self, published: &Published, errand: &Errand<'_>) -> Result<Ranges, Cause> {
        let mut whole = String::new();
        for (url, mark) in [(&published.v4, '.'), (&published.v6, ':')] {
            let text = self.list(url, errand)?;
            let words: Vec<String> = text.split_whitespace().map(ToOwned::to_owned).collect();
            if !text.trim_start().starts_with('<') {
                believed(url, family(&words, url, mark))?;
            }
            whole.push_str(&text);
            whole.push('\n');
        }
        believed(&published.v4, parse_cloudflare(&whole))
    }

    /// One list's text.
    fn list(&self, url: &str, errand: &Errand<'_>) -> Result<String, Cause> {
        let from = |why: String| Cause::Cloudflare { from: clean(url), why };
        let parsed = Url::parse(url).map_err(|error| from(error.to_string()))?;
        if parsed.scheme() != "https" && !self.http.may_be_plain(&parsed) {
            return Err(Cause::Plain { host: host(&parsed) });
        }
        let (login, form) = (None, None);
        let accept = "application/json, text/plain";
        let question =
            Question { method: Method::GET, url: parsed, accept, login, form, what: "list", most: LONGEST };
        let answer = self.http.ask(&question, errand)?;
        match answer.status.as_u16() {
            200 => String::from_utf8(answer.body).map_err(|_| from("it is no text".into())),
            status => Err(from(format!("the answer has status {status}"))),
        }
    }
}

fn believed<T>(from: &str, parsed: Result<T, String>) -> Result<T, Cause> {
    parsed.map_err(|why| Cause::Cloudflare { from: clean(from), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "173.245.48.0/20\n103.21.244.0/22\n103.22.200.0/22\n103.31.4.0/22\n141.101.64.0/18\n108.162.192.0/18\n\
        190.93.240.0/20\n188.114.96.0/20\n197.234.240.0/22\n198.41.128.0/17";
    const V6: &str = "2400:cb00::/32\n2606:4700::/32\n2803:f800::/32\n2405:b500::/32\n2405:8100::/32";

    fn api(etag: &str) -> String {
        let list = |text: &str| text.lines().map(|line| format!("\"{line}\"")).collect::<Vec<_>>().join(",");
        format!(
            "{{\"result\":{{\"ipv4_cidrs\":[{}],\"ipv6_cidrs\":[{}],\"etag\":\"{etag}\"}},\"success\":true,\
             \"errors\":[],\"messages\":[]}}",
            list(V4),
            list(V6)
        )
    }

    #[test]
    fn both_forms_are_the_same_list() {
        let text = parse_cloudflare(&format!("{V4}\r\n{V6}\n")).unwrap();
        let json = parse_cloudflare(&api("38f79d050aa027e3be3865e495dcc9bc")).unwrap();
        assert_eq!((text.v4.len(), text.v6.len(), &text.etag), (10, 5, &None));
        assert_eq!(json.etag.as_deref(), Some("38f79d050aa027e3be3865e495dcc9bc"));
        assert_eq!((text.v4, text.v6), (json.v4, json.v6));
    }

    #[test]
    fn nothing_doubtful_is_taken() {
        let good = api("38f79d050aa027e3be3865e495dcc9bc");
        for (text, reason) in [
            (String::new(), "0 IPv4 and 0 IPv6 ranges"),
            ("<!DOCTYPE html><html>".into(), "it is a web page"),
            (V4.into(), "10 IPv4 and 0 IPv6 ranges"),
            (format!("{V4}{V6}"), "is not a network"),
            (format!("{V4}\n{V6}\n10.0.0.0/8"), "is not a public network"),
            (format!("{V4}\n{V6}\n0.0.0.0/0"), "is not a public network"),
            (format!("{V4}\n{V6}\n8.0.0.0/8"), "too wide"),
            (format!("{V4}\n{V6}\n8.8.8.8/24"), "bits set behind its prefix"),
            (format!("{V4}\n{V6}\n# ours"), "is not a network"),
            (api("abc"), "its etag `abc` is not 32 hex digits"),
            (good.replace("true", "false"), "no success"),
            (good.replace("ipv6_cidrs", "ipv6"), "it is not what Cloudflare's API answers"),
            (good.replace("2400:cb00::/32", "104.16.0.0/13"), "`104.16.0.0/13` has no place in ipv6_cidrs"),
            (good.replace("\"success\"", "\"success\":true,\"success\""), "it is not what"),
        ] {
            let told = parse_cloudflare(&text).unwrap_err();
            assert!(told.contains(reason), "{text}\n{told}");
        }
    }
}
