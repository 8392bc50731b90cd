use super::super::{AuthConfig, SentIn};
use super::{Stored, data, is_config, object, sign, with};
use crate::Request;
use airbyte_singer_runtime::Config;
use airbyte_singer_toolkit::{Connection, parse_config, specification};
use serde_json::{Value, json};
use wiremock::matchers::{body_string, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    /// How to sign in
    auth: AuthConfig,
}

fn parsed(auth: &Value) -> airbyte_singer_runtime::Result<AuthConfig> {
    let config = Config::from_values(object(json!({"auth": auth})));
    config.validate(&specification::<Settings>())?;
    parse_config::<Settings>(&config).map(|settings| settings.auth)
}

/// A request as these settings sign it.
async fn signed(connection: &Connection, auth: &Value) -> Request {
    let auth = parsed(auth).unwrap().auth(connection).unwrap();
    sign(&auth, &Request::get("https://example.com/x".parse().unwrap())).await.unwrap()
}

#[test]
fn each_kind_signs_as_its_settings_say() {
    with(json!({}), async |connection| {
        let header = async |auth: Value, name: &str| {
            signed(connection, &auth).await.headers[name].to_str().unwrap().to_owned()
        };
        assert!(signed(connection, &json!({"type": "none"})).await.headers.is_empty());
        let bearer = json!({"type": "bearer", "token": "t-1"});
        assert_eq!(header(bearer, "authorization").await, "Bearer t-1");
        let key = json!({"type": "api_key", "name": "X-Key", "key": "k-1"});
        assert_eq!(header(key, "x-key").await, "k-1");
        let key = json!({"type": "api_key", "name": "key", "key": "k-1", "sent_in": "query"});
        assert_eq!(signed(connection, &key).await.url.query(), Some("key=k-1"));
        let basic = json!({"type": "basic", "username": "k-1"});
        assert_eq!(header(basic, "authorization").await, "Basic ay0xOg==");
        let jwt = json!({"type": "jwt", "algorithm": "HS256", "private_key": "hunter2-key",
            "issuer": "us", "claims": {"n": 12.50}, "lifetime_seconds": 60});
        assert!(header(jwt, "authorization").await.starts_with("Bearer eyJ"));
    });
}

#[test]
fn a_login_and_an_exchange_are_described_too() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        let token = || ResponseTemplate::new(200).set_body_json(json!({"access_token": "a-1"}));
        let login = Mock::given(path("/login")).and(body_string("password=hunter2-x&user=ada"));
        login.respond_with(token()).mount(&server).await;
        let exchange = "grant_type=client_credentials&client_id=me&client_secret=s-1&scope=a+b&x=1";
        let exchange = Mock::given(path("/token")).and(body_string(exchange));
        exchange.respond_with(token()).mount(&server).await;
        let login = json!({"type": "session_token", "login_url": format!("{}/login", server.uri()),
            "login": {"user": "ada", "password": "hunter2-x"}, "as_form": true,
            "token_pointer": "/access_token", "header": "X-Session", "lifetime_seconds": 60});
        assert_eq!(signed(connection, &login).await.headers["x-session"], "a-1");
        let exchange = json!({"type": "oauth2", "grant": "client_credentials",
            "token_url": format!("{}/token", server.uri()), "client_id": "me", "client_secret": "s-1",
            "scopes": ["a", "b"], "parameters": {"x": "1"}});
        assert_eq!(signed(connection, &exchange).await.headers["authorization"], "Bearer a-1");
    });
}

#[test]
fn a_new_refresh_token_takes_the_place_of_the_old_one() {
    let config = json!({"auth": {"type": "oauth2", "token_url": "http://x", "client_id": "me",
        "refresh_token": "r-1", "access_token": "a-0", "token_expiry_date": "2001-01-01T00:00:00Z"}});
    let written = with(config.clone(), async |connection| {
        let server = MockServer::start().await;
        let answer = json!({"access_token": "a-1", "refresh_token": "r-2", "expires_in": 60});
        let answer = ResponseTemplate::new(200).set_body_json(answer);
        Mock::given(path("/token")).respond_with(answer).mount(&server).await;
        let mut auth = config["auth"].clone();
        auth["token_url"] = format!("{}/token", server.uri()).into();
        let auth = parsed(&auth).unwrap().auth(connection).unwrap();
        sign(&auth, &data(&server)).await.unwrap();
    });
    let stored = &written.stored()[0]["auth"];
    assert_eq!([&stored["refresh_token"], &stored["access_token"]], ["r-2", "a-1"]);
    assert_eq!([&stored["type"], &stored["client_id"]], ["oauth2", "me"]);
    assert!(stored["token_expiry_date"].as_str().unwrap() > "2026");
}

#[test]
fn what_is_missing_or_wrong_is_named_and_never_shown() {
    for (auth, told) in [
        (json!({}), "`auth.type` is missing"),
        (json!({"type": "hunter2"}), "`auth` is wrong"),
        (json!({"type": "bearer"}), "`auth.token` is missing"),
        (json!({"type": "oauth2", "token_url": "http://x"}), "`auth.refresh_token` is missing"),
        (
            json!({"type": "oauth2", "token_url": "http://x", "grant": "jwt_bearer"}),
            "`auth.jwt` is missing",
        ),
    ] {
        let config = json!({ "auth": auth });
        with(config.clone(), async |connection| {
            let parsed = parse_config::<Settings>(&Config::from_values(object(config)));
            let error = parsed.and_then(|settings| settings.auth.auth(connection)).err().unwrap();
            assert!(is_config(&error));
            assert_eq!(error.to_string(), format!("the config is not valid: setting {told}"));
        });
    }
}

#[test]
fn the_spec_marks_what_is_secret_and_says_what_each_kind_is() {
    let spec = Value::Object(specification::<Settings>().connection_specification);
    let kinds = spec["properties"]["auth"]["oneOf"].as_array().unwrap();
    let kind = |kind: &Value| kind["properties"]["type"]["const"].as_str().unwrap().to_owned();
    let names: Vec<String> = kinds.iter().map(kind).collect();
    let known = ["none", "bearer", "api_key", "basic", "session_token", "jwt", "oauth2"];
    assert_eq!(names, known);
    let mut secrets = Vec::new();
    for kind in kinds {
        assert!(kind["title"].is_string() && kind["description"].is_string(), "{kind}");
        for (name, setting) in kind["properties"].as_object().unwrap() {
            let secret = &setting["airbyte_secret"];
            if *secret == true || setting["additionalProperties"]["airbyte_secret"] == true {
                secrets.push(name.as_str());
            }
            assert!(name == "type" || setting["description"].is_string(), "{kind}");
        }
    }
    let marked = [
        "token",
        "key",
        "password",
        "login",
        "private_key",
        "client_secret",
        "refresh_token",
        "access_token",
    ];
    assert_eq!(secrets, marked);
    assert_eq!(SentIn::default(), SentIn::Header);
    assert!(!spec.to_string().contains("$ref"), "{spec}");
}
