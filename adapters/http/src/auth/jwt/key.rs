use super::JwtAlgorithm;
use airbyte_singer_runtime::{Error, Result};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::rc::Rc;

/// A key and what is done with it.
#[derive(Clone)]
pub(super) enum Key {
    Hmac(hmac::Key),
    Rsa(Rc<RsaKeyPair>, &'static dyn RsaEncoding),
    Ec(Rc<EcdsaKeyPair>),
    Ed(Rc<Ed25519KeyPair>),
}

impl Key {
    /// None where `text` is no key for the algorithm.
    pub(super) fn new(algorithm: JwtAlgorithm, text: &str) -> Option<Self> {
        let hmac = |kind| Some(Self::Hmac(hmac::Key::new(kind, text.as_bytes())));
        let rsa = |kind| rsa(text).map(|pair| Self::Rsa(Rc::new(pair), kind));
        let ec = |kind| {
            let pair = EcdsaKeyPair::from_pkcs8(kind, &pkcs8(text)?, &SystemRandom::new()).ok()?;
            Some(Self::Ec(Rc::new(pair)))
        };
        match algorithm {
            JwtAlgorithm::HS256 => hmac(hmac::HMAC_SHA256),
            JwtAlgorithm::HS384 => hmac(hmac::HMAC_SHA384),
            JwtAlgorithm::HS512 => hmac(hmac::HMAC_SHA512),
            JwtAlgorithm::RS256 => rsa(&RSA_PKCS1_SHA256),
            JwtAlgorithm::RS384 => rsa(&RSA_PKCS1_SHA384),
            JwtAlgorithm::RS512 => rsa(&RSA_PKCS1_SHA512),
            JwtAlgorithm::PS256 => rsa(&RSA_PSS_SHA256),
            JwtAlgorithm::PS384 => rsa(&RSA_PSS_SHA384),
            JwtAlgorithm::PS512 => rsa(&RSA_PSS_SHA512),
            JwtAlgorithm::ES256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            JwtAlgorithm::ES384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            JwtAlgorithm::EdDSA => {
                // Without the public half in it, as openssl writes one.
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8(text)?).ok()?;
                Some(Self::Ed(Rc::new(pair)))
            }
        }
    }

    /// The signature of `message`, as RFC 7518 has it.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        let failed = |_| Error::system("a JSON Web Token can't be signed");
        Ok(match self {
            Self::Hmac(key) => hmac::sign(key, message).as_ref().to_vec(),
            Self::Rsa(pair, kind) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*kind, &random, message, &mut signature).map_err(failed)?;
                signature
            }
            Self::Ec(pair) => pair.sign(&random, message).map_err(failed)?.as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        })
    }
}

fn rsa(text: &str) -> Option<RsaKeyPair> {
    match pem(text)? {
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).ok(),
        PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok(),
        _ => None,
    }
}

fn pkcs8(text: &str) -> Option<Vec<u8>> {
    match pem(text)? {
        PrivateKeyDer::Pkcs8(key) => Some(key.secret_pkcs8_der().to_vec()),
        _ => None,
    }
}

/// A form's field of one line takes no line breaks, so users write them as `\n`.
fn pem(text: &str) -> Option<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(text.replace("\\n", "\n").as_bytes()).ok()
}
