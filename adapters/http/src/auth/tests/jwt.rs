use super::super::{Jwt, JwtAlgorithm, SentAs};
use super::{is_config, sign, with};
use crate::Request;
use airbyte_singer_runtime::now_millis;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use std::time::Duration;

const RSA: &str = include_str!("keys/rsa.pem");
const EC: &str = include_str!("keys/ec.pem");
const ED: &str = include_str!("keys/ed.pem");

fn request() -> Request {
    Request::get("https://example.com".parse().unwrap())
}

/// Header and claims, if the signature is right.
fn decoded(token: &str, key: &DecodingKey, algorithm: Algorithm) -> (Option<String>, Value) {
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&["them"]);
    let token = jsonwebtoken::decode::<Value>(token, key, &validation).unwrap();
    (token.header.kid, token.claims)
}

#[test]
fn tokens_are_signed_as_each_algorithm_wants() {
    let (rsa, ec, ed) = (
        DecodingKey::from_rsa_pem(include_bytes!("keys/rsa.pub.pem")).unwrap(),
        DecodingKey::from_ec_pem(include_bytes!("keys/ec.pub.pem")).unwrap(),
        DecodingKey::from_ed_pem(include_bytes!("keys/ed.pub.pem")).unwrap(),
    );
    let in_one_line = EC.replace('\n', "\\n");
    with(json!({}), async |connection| {
        for (expected, algorithm, key, public) in [
            (
                Algorithm::HS256,
                JwtAlgorithm::HS256,
                "hunter2-key",
                &DecodingKey::from_secret(b"hunter2-key"),
            ),
            (Algorithm::RS256, JwtAlgorithm::RS256, RSA, &rsa),
            (Algorithm::RS512, JwtAlgorithm::RS512, RSA, &rsa),
            (Algorithm::PS256, JwtAlgorithm::PS256, RSA, &rsa),
            (Algorithm::ES256, JwtAlgorithm::ES256, EC, &ec),
            (Algorithm::ES256, JwtAlgorithm::ES256, &in_one_line, &ec),
            (Algorithm::EdDSA, JwtAlgorithm::EdDSA, ED, &ed),
        ] {
            let jwt = Jwt::new(connection, algorithm, key).unwrap();
            let jwt = jwt.issuer("us").subject("ada").audience("them").key_id("K1");
            let jwt = jwt.claim("n", 18_446_744_073_709_551_615_u64).lasts(Duration::from_secs(90));
            let signed = sign(&jwt, &request()).await.unwrap();
            let bearer = signed.headers["authorization"].to_str().unwrap();
            let token = bearer.strip_prefix("Bearer ").unwrap();
            let (kid, claims) = decoded(token, public, expected);
            assert_eq!(kid.as_deref(), Some("K1"));
            let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
            assert!((0..5).contains(&(now_millis() / 1000 - iat)) && exp == iat + 90);
            assert_eq!([&claims["iss"], &claims["sub"], &claims["aud"]], ["us", "ada", "them"]);
            assert_eq!(claims["n"].as_u64(), Some(u64::MAX));
            assert_eq!(connection.secrets().mask(token), "****");
        }
    });
}

#[test]
fn a_token_serves_until_it_is_about_to_end() {
    with(json!({}), async |connection| {
        let jwt = Jwt::new(connection, JwtAlgorithm::HS256, "hunter2-key").unwrap();
        let jwt = jwt.lasts(Duration::from_secs(2)).sent_as(SentAs::query("jwt"));
        let first = sign(&jwt, &request()).await.unwrap();
        assert_eq!(sign(&jwt, &request()).await.unwrap(), first);
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_ne!(sign(&jwt, &request()).await.unwrap(), first);
    });
}

#[test]
fn what_is_no_key_is_named_by_its_setting() {
    with(json!({"key": "hunter2", "ec": EC}), async |connection| {
        for (algorithm, key, told) in [
            (JwtAlgorithm::RS256, "hunter2", "setting `key` is no private key that RS256 takes"),
            (JwtAlgorithm::RS256, EC, "setting `ec` is no private key that RS256 takes"),
            (JwtAlgorithm::ES384, EC, "setting `ec` is no private key that ES384 takes"),
            (JwtAlgorithm::EdDSA, "hunter2", "setting `key` is no private key that EdDSA takes"),
        ] {
            let error = Jwt::new(connection, algorithm, key).unwrap_err();
            assert!(is_config(&error));
            assert_eq!(error.to_string(), told);
        }
    });
}
