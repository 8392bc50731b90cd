//! Which names say that a value is secret. The table of docs/secrets.md says it for users.

/// What a name says of the value behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// Nothing.
    Open,
    /// It is a secret.
    Secret,
    /// It is one, unless it is an ordinary word: `auth: basic`.
    Perhaps,
    /// It is a group of credentials, in which user names and the like may stand.
    Group,
    /// It is an address that holds a secret.
    Address,
    /// It is a list of cookies.
    Cookie,
}

/// Last words that make a name secret.
const SECRET: [&str; 20] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "pswd",
    "pass",
    "pw",
    "pin",
    "jwt",
    "pat",
    "bearer",
    "authorization",
    "apikey",
    "otp",
    "totp",
    "dsn",
    "sessionid",
];

/// Endings of a last word that make a name secret, however it is written.
const ENDINGS: [&str; 10] = [
    "token",
    "secret",
    "password",
    "passphrase",
    "passwd",
    "apikey",
    "secretkey",
    "privatekey",
    "accesskey",
    "sessionid",
];

/// Words that make a secret of a `key` behind them.
const KEYS: [&str; 40] = [
    "access",
    "account",
    "admin",
    "aes",
    "api",
    "app",
    "application",
    "auth",
    "cipher",
    "client",
    "consumer",
    "crypto",
    "decryption",
    "deploy",
    "encryption",
    "function",
    "functions",
    "gpg",
    "hmac",
    "integration",
    "licence",
    "license",
    "master",
    "pgp",
    "private",
    "read",
    "rsa",
    "secret",
    "security",
    "server",
    "service",
    "session",
    "shared",
    "signing",
    "ssh",
    "storage",
    "subscription",
    "token",
    "webhook",
    "write",
];

/// Last two words that make a name secret.
const PAIRS: [(&str, &str); 15] = [
    ("access", "code"),
    ("auth", "code"),
    ("authorization", "code"),
    ("authorization", "header"),
    ("bearer", "header"),
    ("conn", "str"),
    ("connection", "string"),
    ("keyfile", "json"),
    ("otp", "seed"),
    ("pin", "code"),
    ("recovery", "code"),
    ("secret", "id"),
    ("security", "code"),
    ("session", "id"),
    ("verification", "code"),
];

/// Last words behind which a secret may stand.
const PERHAPS: [&str; 8] =
    ["auth", "oauth", "authentication", "session", "signature", "licence", "license", "sas"];

/// What may stand behind `auth`.
const OF_AUTH: [&str; 8] = ["header", "headers", "pair", "sid", "string", "data", "cookie", "info"];

/// Last words that say how a secret is written, or which of several it is.
const TAILS: [&str; 18] = [
    "value",
    "raw",
    "plain",
    "plaintext",
    "pem",
    "b64",
    "base64",
    "encoded",
    "json",
    "hex",
    "current",
    "new",
    "old",
    "prod",
    "production",
    "live",
    "test",
    "sandbox",
];

/// Words before `tokens` that say how many there are.
const COUNTS: [&str; 10] =
    ["max", "min", "num", "number", "count", "total", "limit", "input", "output", "prompt"];

/// Last words of settings in a group of credentials that are told all the same.
const TOLD: [&str; 22] = [
    "account", "database", "domain", "email", "endpoint", "host", "hostname", "id", "mail",
    "method", "mode", "name", "port", "project", "region", "scope", "scopes", "server", "type",
    "uri", "url", "user",
];

/// What stands behind the name of a signed URL's parameters.
const SIGNED: [&str; 9] = [
    "sig",
    "signature",
    "hmac",
    "x_amz_signature",
    "x_amz_credential",
    "x_amz_security_token",
    "x_goog_signature",
    "x_goog_credential",
    "x_ms_signature",
];

/// Whether a setting of this name holds a secret, whatever else is known of it. Holds all names
/// that Airbyte's acceptance tests take for secret, and is no stricter about case and dashes.
///
/// ```
/// use airbyte_singer_sdk::runtime::is_plainly_secret;
/// assert!(is_plainly_secret("clientSecret") && is_plainly_secret("db-password"));
/// assert!(!is_plainly_secret("max_tokens") && !is_plainly_secret("primary_key"));
/// ```
pub fn is_plainly_secret(name: &str) -> bool {
    !matches!(says(name), Says::Open | Says::Perhaps)
}

/// Whether what stands behind this name in a config may be a secret, by itself or by what it looks like.
pub fn may_hold_secret(name: &str) -> bool {
    says(name) != Says::Open
}

/// What `name` says.
pub(super) fn says(name: &str) -> Says {
    let owned = words(name);
    let mut words: Vec<&str> = owned.iter().map(String::as_str).collect();
    if let ["key" | "certificate"] = words[..] {
        return Says::Secret;
    }
    loop {
        let said = of_words(&words);
        let is_tail = words.last().is_some_and(|last| TAILS.contains(last));
        if said != Says::Open || !is_tail {
            return said;
        }
        words.pop();
    }
}

fn of_words(words: &[&str]) -> Says {
    let Some((&last, before)) = words.split_last() else { return Says::Open };
    let previous = before.last().copied().unwrap_or_default();
    let one = singular(last, previous);
    let is_key = |word: &str| KEYS.contains(&word) || word.ends_with("secret");
    let is_secret = SECRET.contains(&one)
        || ENDINGS.iter().any(|ending| one.ends_with(ending))
        || PAIRS.contains(&(previous, one))
        || (one == "key" && is_key(previous))
        || matches!(words, [.., "access", "key", "id"])
        || matches!(words, [.., "shared", "access", "signature"]);
    let has = |word: &str| before.contains(&word);
    match one {
        "credential" | "cred" | "creds" => Says::Group,
        "account" if previous == "service" => Says::Group,
        "info" if matches!(words, [.., "service", "account", "info"]) => Says::Group,
        "cookie" => Says::Cookie,
        "webhook" => Says::Address,
        "url" | "uri" | "address" | "endpoint" if has("webhook") || has("hook") || has("sas") => {
            Says::Address
        }
        _ if is_secret => Says::Secret,
        _ if PERHAPS.contains(&one) => Says::Perhaps,
        _ if OF_AUTH.contains(&last) && (has("auth") || has("oauth")) => Says::Perhaps,
        _ => Says::Open,
    }
}

/// Whether a setting in a group of credentials is told: who, where and how, not by what.
pub(super) fn is_told(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map_or("", String::as_str);
    says(name) == Says::Open && (TOLD.contains(&last) || last.ends_with("username"))
}

/// Whether a parameter of a URL or a part of a connection string may hold a secret.
pub(super) fn is_signed(name: &str) -> bool {
    let name = words(name).join("_");
    SIGNED.contains(&name.as_str())
}

/// `tokens` as `token`, where it isn't a number of them. Short words have no plural: `pins` are no
/// numbers of cards.
fn singular<'a>(last: &'a str, previous: &str) -> &'a str {
    match last.strip_suffix('s') {
        Some("token") if COUNTS.contains(&previous) => last,
        Some("sa" | "pin" | "pat" | "pw") | None => last,
        Some(one) if one.ends_with('s') => last,
        Some(one) => one,
    }
}

/// `clientSecret`, `client-secret` and `client_secret2` as their words, in small letters and without
/// numbers behind them.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map_or(' ', |at| chars[at]);
        let behind = chars.get(at + 1).copied().unwrap_or(' ');
        let is_after_small = before.is_ascii_lowercase() || before.is_ascii_digit();
        let ends_capitals = before.is_ascii_uppercase() && behind.is_ascii_lowercase();
        if !c.is_alphanumeric() || (c.is_ascii_uppercase() && (is_after_small || ends_capitals)) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
    }
    let words = words.into_iter().map(|word| {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        // Base64 is a word of its own.
        if bare == "b" || bare == "base" { word } else { bare.to_owned() }
    });
    words.filter(|word| !word.is_empty()).collect()
}
