/// Names that are secret as a whole.
const NAMES: [&str; 20] = [
    "access_token",
    "api_token",
    "authorization",
    "certificate",
    "client_secret",
    "client_token",
    "connection_string",
    "cookie",
    "credentials",
    "dsn",
    "jwt",
    "key",
    "keyfile_json",
    "passwd",
    "pwd",
    "refresh_token",
    "secret",
    "service_account",
    "service_account_info",
    "token",
];

/// Endings that make a name secret.
const ENDINGS: [&str; 12] = [
    "token",
    "secret",
    "password",
    "passphrase",
    "api_key",
    "apikey",
    "secret_key",
    "private_key",
    "access_key",
    "encryption_key",
    "_passwd",
    "_credentials",
];

/// Whether a setting of this name holds a secret, whatever else is known of it. Holds all names
/// that Airbyte's acceptance tests take for secret, and is no stricter about case and dashes.
///
/// ```
/// use airbyte_adapters::is_plainly_secret;
/// assert!(is_plainly_secret("clientSecret") && is_plainly_secret("db-password"));
/// assert!(!is_plainly_secret("max_tokens") && !is_plainly_secret("primary_key"));
/// ```
pub fn is_plainly_secret(name: &str) -> bool {
    let name = snake_case(name);
    NAMES.contains(&name.as_str()) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// `clientSecret` and `client-secret` as `client_secret`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut after_small = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && after_small {
            snake.push('_');
        }
        after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        match c {
            '-' | '.' | ' ' => snake.push('_'),
            c => snake.extend(c.to_lowercase()),
        }
    }
    snake
}
