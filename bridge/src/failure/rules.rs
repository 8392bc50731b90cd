//! Whose fault a tap's line tells, and what mends it: one line a rule.
//!
//! The first rule that fits decides, so what is particular stands before what is general: a refused
//! password often stands in a line that also says "could not connect", and an API that limits its
//! callers may answer 403.
//!
//! * *config*: the user can act on it, and trying again without that changes nothing. 404 is one:
//!   what a tap asks for and doesn't find (a repository, a bucket, a base address) came from its
//!   settings.
//! * *transient*: trying again may help. A name that DNS doesn't know is one: a config that is
//!   wrong there fails its check, whose answer has no failure type, and what a read that used to
//!   work doesn't find is the network's fault; a few tries in vain cost less than a sync that is
//!   given up because of a name server.
//! * *system*: the tap's own fault, or its surroundings'.

use super::status;
use FailureType::{ConfigError, SystemError, TransientError};
use airbyte_protocol::FailureType;

/// Words in small letters that a line has in it.
type Rules = &'static [(FailureType, &'static str)];

/// What decides even beside a status code.
#[rustfmt::skip]
const BEFORE_STATUS: Rules = &[
    (TransientError, "rate limit"),                      // GitHub answers 403 with it, others 429
    (TransientError, "rate exceeded"),                   // AWS: ThrottlingException
    (TransientError, "throttl"),                         // AWS, Shopify, Microsoft Graph
    (TransientError, "request_limit_exceeded"),          // Salesforce, with 403
    (TransientError, "quota exceeded"),                  // Google, with 403
    (TransientError, "too many requests"),               // HTTP 429
    (SystemError, "no module named"),                    // Python: an environment that isn't whole
    (SystemError, "cannot import name"),                 // Python: packages that don't fit together
    (SystemError, "syntaxerror:"),                       // Python: another version
    (SystemError, "cannot open shared object file"),     // the loader: a system library
    (SystemError, "memoryerror"),                        // Python
    (SystemError, "no space left on device"),            // ENOSPC
    (SystemError, "disk quota exceeded"),                // EDQUOT
    (SystemError, "read-only file system"),              // EROFS
    (SystemError, "[errno 13]"),                         // EACCES: a file where the tap runs
    (ConfigError, "eoferror: eof when reading a line"),  // Python: input() without a terminal
    (ConfigError, "inappropriate ioctl for device"),     // termios, curses: no terminal
    (ConfigError, "can not control echo"),               // Python: getpass without a terminal
    (ConfigError, "not a terminal"),                     // prompt_toolkit
    (ConfigError, "not a tty"),                          // many
    (ConfigError, "'/dev/tty'"),                         // Python: getpass, without one
];

/// What decides where no status code does.
#[rustfmt::skip]
const WORDS: Rules = &[
    (TransientError, "unavailable or does not exist"),   // FreeTDS, pymssql 20009
    (TransientError, "sql30081n"),                       // IBM Db2: communication error
    (TransientError, "communication error"),             // IBM Db2, JDBC
    (TransientError, "server not available"),            // Exasol, SAP
    (ConfigError, "missingsetting"),                     // tap-exact: an exception's name
    (ConfigError, "missing setting"),                    // many taps' own checks
    (ConfigError, "configvalidationerror"),              // Meltano SDK
    (ConfigError, "invaliduri"),                         // pymongo
    (ConfigError, "pymongo.errors.configurationerror"),  // pymongo
    (ConfigError, "defaultcredentialserror"),            // google-auth
    (ConfigError, "default credentials were not found"), // google-auth, its Go and Node kin
    (ConfigError, "is missing required keys"),           // singer-python: check_config
    (ConfigError, "is a required property"),             // jsonschema, through the Meltano SDK
    (ConfigError, "in config["),                         // Meltano SDK: a setting of a wrong type
    (ConfigError, "config validation error"),                // Meltano SDK
    (ConfigError, "provided config"),                    // meltanolabs-tap-github
    (ConfigError, "missing required"),                   // many taps' own checks
    (ConfigError, "required keys"),                      // many taps' own checks
    (ConfigError, "missing from config"),                // many taps' own checks
    (ConfigError, "not supplied in config"),             // many taps' own checks
    (ConfigError, "config file"),                        // Meltano SDK: no such file, no JSON
    (ConfigError, "no streams selected"),                // tap-rest-api
    (ConfigError, "no streams were selected"),           // tap-rest-api
    (ConfigError, "unauthorized"),                       // HTTP 401, in words
    (ConfigError, "unauthenticated"),                    // gRPC, Google
    (ConfigError, "forbidden"),                          // HTTP 403, in words
    (ConfigError, "access denied"),                      // MySQL 1044, 1045
    (ConfigError, "accessdenied"),                       // AWS
    (ConfigError, "password authentication"),            // PostgreSQL 28P01
    (ConfigError, "authentication failed"),              // PostgreSQL, MongoDB, git
    (ConfigError, "no pg_hba.conf entry"),               // PostgreSQL 28000
    (ConfigError, "login failed for user"),              // SQL Server 18456
    (ConfigError, "ora-01017"),                          // Oracle: invalid username or password
    (ConfigError, "permission denied for"),              // PostgreSQL 42501
    (ConfigError, "insufficient privilege"),             // Oracle, Snowflake
    (ConfigError, "command denied to user"),             // MySQL 1142
    (ConfigError, "bad credentials"),                    // GitHub
    (ConfigError, "invalid credentials"),                // LDAP, Google
    (ConfigError, "invalid_grant"),                      // OAuth 2, RFC 6749 5.2
    (ConfigError, "invalid_client"),                     // OAuth 2
    (ConfigError, "invalid_auth"),                       // Slack
    (ConfigError, "not_authed"),                         // Slack
    (ConfigError, "invalid api key"),                    // Stripe, Mailchimp
    (ConfigError, "the api key"),                        // tap-sample, Klaviyo
    (ConfigError, "invalid token"),                      // many
    (ConfigError, "invalid access token"),               // Facebook, Shopify
    (ConfigError, "token has expired"),                  // many
    (ConfigError, "expiredtoken"),                       // AWS
    (ConfigError, "signaturedoesnotmatch"),              // AWS
    (ConfigError, "invalidaccesskeyid"),                 // AWS S3
    (ConfigError, "unrecognizedclientexception"),        // AWS
    (ConfigError, "unable to locate credentials"),       // boto3
    (ConfigError, "get_frozen_credentials"),             // tap-s3-csv: boto3 found no credentials
    (ConfigError, "nosuchbucket"),                       // AWS S3
    (ConfigError, "does not exist"),                     // PostgreSQL: database, role, relation
    (ConfigError, "unknown database"),                   // MySQL 1049
    (ConfigError, "doesn't exist"),                      // MySQL 1146
    (ConfigError, "certificate verify failed"),          // OpenSSL
    (ConfigError, "wrong version number"),               // OpenSSL: https asked of a plain port
    (ConfigError, "server does not support ssl"),        // libpq
    (ConfigError, "no scheme supplied"),                 // requests
    (ConfigError, "invalid url"),                        // requests
    (ConfigError, "unknown url type"),                   // urllib
    (TransientError, "name or service not known"),       // glibc: EAI_NONAME
    (TransientError, "name resolution"),                 // glibc: EAI_AGAIN
    (TransientError, "no address associated"),           // glibc: EAI_NODATA
    (TransientError, "nodename nor servname"),           // macOS
    (TransientError, "name does not resolve"),           // musl
    (TransientError, "getaddrinfo"),                     // Windows, Node
    (TransientError, "failed to resolve"),               // urllib3
    (TransientError, "could not translate host name"),   // libpq
    (TransientError, "unknown mysql server host"),       // MySQL 2005
    (TransientError, "no such host"),                    // Go
    (TransientError, "timed out"),                       // ETIMEDOUT, Python's socket, requests
    (TransientError, "timeout"),                         // libpq, PostgreSQL 57014, names of exceptions
    (TransientError, "connection refused"),              // ECONNREFUSED
    (TransientError, "actively refused"),                // Windows
    (TransientError, "connection reset"),                // ECONNRESET
    (TransientError, "connection aborted"),              // urllib3
    (TransientError, "connection broken"),               // urllib3: IncompleteRead
    (TransientError, "connection error"),                // many
    (TransientError, "broken pipe"),                     // EPIPE
    (TransientError, "network is unreachable"),          // ENETUNREACH
    (TransientError, "no route to host"),                // EHOSTUNREACH
    (TransientError, "closed connection"),               // http.client: RemoteDisconnected
    (TransientError, "closed the connection"),           // libpq
    (TransientError, "connection has been closed"),      // libpq
    (TransientError, "eof occurred in violation"),       // OpenSSL
    (TransientError, "terminating connection"),          // PostgreSQL 57P01
    (TransientError, "the database system is"),          // PostgreSQL 57P03: starting up, …
    (TransientError, "conflict with recovery"),          // PostgreSQL 40001, on a replica
    (TransientError, "deadlock"),                        // PostgreSQL 40P01, MySQL 1213
    (TransientError, "lock wait"),                       // MySQL 1205
    (TransientError, "too many clients"),                // PostgreSQL 53300
    (TransientError, "too many connections"),            // MySQL 1040
    (TransientError, "lost connection"),                 // MySQL 2013
    (TransientError, "has gone away"),                   // MySQL 2006
    (TransientError, "can't connect"),                   // MySQL 2002, 2003
    (TransientError, "could not connect"),               // libpq before 14, botocore
    (TransientError, "unable to connect"),               // urllib3: a proxy; SQL Server
    (TransientError, "max retries exceeded"),            // urllib3
    (TransientError, "service unavailable"),             // HTTP 503, in words
    (TransientError, "bad gateway"),                     // HTTP 502, in words
    (TransientError, "internal server error"),           // HTTP 500, in words
    (TransientError, "temporarily"),                     // many
    (TransientError, "try again"),                       // many; EAGAIN
    (TransientError, "slow down"),                       // AWS S3
];

/// Whose fault a line tells; none when it tells nothing.
pub(super) fn classify(line: &str) -> Option<FailureType> {
    if is_only_the_end_of_input(line) {
        return Some(ConfigError);
    }
    let line = line.to_lowercase();
    let first = |rules: Rules| rules.iter().find(|(_, words)| line.contains(words));
    let of_words = || first(WORDS).map(|(failure, _)| *failure);
    match first(BEFORE_STATUS) {
        Some((failure, _)) => Some(*failure),
        None => status::code(&line).map(of_status).or_else(of_words),
    }
}

/// Of a request that the tap made up the settings decide little (400, 409, 422).
fn of_status(code: u16) -> FailureType {
    match code {
        401..=404 | 407 | 410 => ConfigError,
        408 | 425 | 429 | 500.. => TransientError,
        _ => SystemError,
    }
}

/// What programs say that were to read from a terminal, whole: `getpass` in Python, prompts of click.
/// Inside other words these mean something else.
fn is_only_the_end_of_input(line: &str) -> bool {
    matches!(line.trim(), "EOFError" | "Aborted!")
}

/// What mends a known trouble, by words as they are written.
const MENDS: &[(&str, &str)] = &[
    (
        "No module named 'pkg_resources'",
        "its environment lacks pkg_resources: install `setuptools<80` into it",
    ),
    (
        "No module named 'distutils",
        "Python has no distutils from 3.12 on: install `setuptools` into the tap's environment",
    ),
    (
        "cannot import name",
        "the packages in the tap's environment don't fit each other or this Python: install the \
         tap anew, or with an older Python",
    ),
    ("SyntaxError: ", "perhaps the tap was written for another version of Python"),
    ("cannot open shared object file", "a system library is missing where the tap runs"),
    ("No space left on device", "the disk is full"),
    ("MemoryError", "it ran out of memory: give it more, or select fewer streams"),
    (
        "certificate verify failed",
        "the server's certificate isn't trusted where the tap runs: look at the host and at the \
         certificate authorities",
    ),
    ("EOFError: EOF when reading a line", NO_TERMINAL),
    ("Inappropriate ioctl for device", NO_TERMINAL),
    ("an not control echo", NO_TERMINAL),
    ("not a terminal", NO_TERMINAL),
    ("not a tty", NO_TERMINAL),
    ("not a TTY", NO_TERMINAL),
    ("'/dev/tty'", NO_TERMINAL),
    ("wrong version number", "the server speaks no TLS there: look at the address and its port"),
];

/// What is told of a tap that asks its user something.
const NO_TERMINAL: &str = "it asks for input at the terminal, and here is none: give what it asks for by \
    its settings or arguments; if it asks only once, as for an authorisation, run it by hand first";

/// All ways to say that DNS doesn't know a name have one mend.
const NO_SUCH_HOST: (&[&str], &str) = (
    &[
        "Name or service not known",
        "name resolution",
        "No address associated",
        "nodename nor servname",
        "could not translate host name",
        "ailed to resolve",
        "getaddrinfo",
    ],
    "the host's name isn't found: look at its setting and at the network",
);

/// What mends a known trouble of taps and their surroundings.
pub(super) fn mend(line: &str) -> Option<String> {
    if is_only_the_end_of_input(line) {
        return Some(NO_TERMINAL.to_owned());
    }
    if let Some((_, mend)) = MENDS.iter().find(|(words, _)| line.contains(words)) {
        return Some((*mend).to_owned());
    }
    if let Some((_, rest)) = line.split_once("No module named ") {
        let module = rest.trim_start_matches(['\'', '"']).split(['\'', '"', ' ', ';']).next()?;
        return Some(format!(
            "its environment isn't whole: the Python module `{module}` is missing; install it there"
        ));
    }
    let (names, mend) = NO_SUCH_HOST;
    names.iter().any(|name| line.contains(name)).then(|| mend.to_owned())
}

/// What may help a tap that fails over the catalog that it is given, by the traceback: taps were seen that
/// fit no longer to the library that reads it, and run well without one.
pub(super) fn over_its_catalog(trace: &str) -> Option<&'static str> {
    let mut frames = trace.lines().filter(|line| line.trim_start().starts_with("File \""));
    let applies = frames.clone().any(|frame| frame.trim_end().ends_with("in apply_catalog"));
    let reads = frames.next_back().is_some_and(|frame| frame.contains("catalog.py\""));
    (applies || reads).then_some(
        "it fails over the catalog that it is given; perhaps it runs without one: `--catalog-flag none`, \
         with which it reads all its streams and those that are configured are passed on",
    )
}
