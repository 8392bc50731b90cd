use crate::document::document;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The way of signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AuthFlow {
    /// OAuth 2.0.
    #[serde(rename = "oauth2.0")]
    OAuth2,
    /// OAuth 1.0; only [`AdvancedAuth`] knows it.
    #[serde(rename = "oauth1.0")]
    OAuth1,
}

document! {
    /// How a user can sign in elsewhere instead of typing secrets (`advanced_auth` of a
    /// [`Specification`](crate::Specification)). A connector must work without it.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct AdvancedAuth {
        /// The way of signing in.
        pub auth_flow_type: Option<AuthFlow> = optional "auth_flow_type",
        /// Path to the field of the config that must be there for this to be on offer.
        pub predicate_key: Vec<String> = optional "predicate_key",
        /// The value that the field must have.
        pub predicate_value: Option<String> = optional "predicate_value",
        /// What the platform needs to know to do it.
        pub oauth_config_specification: Option<OAuthConfig> = optional "oauth_config_specification",
    }
}

document! {
    /// What a platform needs to know to sign a user in (`OAuthConfigSpecification`). The four that
    /// are values are JSON Schemas whose properties carry `path_in_connector_config` (where in the
    /// config a value comes from or goes to) and `path_in_oauth_response`.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct OAuthConfig {
        /// What of the user's config takes part in signing in.
        pub user_input: Option<Value> = optional "oauth_user_input_from_connector_config_specification",
        /// The URLs and names of the service.
        pub connector_input: Option<OAuthConnectorInput> = optional "oauth_connector_input_specification",
        /// What comes out, and where in the config it goes.
        pub output: Option<Value> = optional "complete_oauth_output_specification",
        /// What the administrator of the platform gives: client id and secret.
        pub server_input: Option<Value> = optional "complete_oauth_server_input_specification",
        /// What of that the connector needs too.
        pub server_output: Option<Value> = optional "complete_oauth_server_output_specification",
    }
}

document! {
    /// The URLs and names of a service that users sign in to. URLs and values are templates:
    /// `{{ client_id_value }}` stands for what is known only then.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct OAuthConnectorInput {
        /// Where the user consents.
        pub consent_url: String = required "consent_url",
        /// What is asked for, in the service's own words.
        pub scope: Option<String> = optional "scope",
        /// Where the code becomes a token.
        pub access_token_url: String = required "access_token_url",
        /// Headers of that request.
        pub access_token_headers: Map<String, Value> = optional "access_token_headers",
        /// Parameters of that request, sent as JSON.
        pub access_token_params: Map<String, Value> = optional "access_token_params",
        /// The keys to take out of the answer.
        pub extract_output: Vec<String> = optional "extract_output",
        /// How the request's `state` is made.
        pub state: Option<OAuthState> = optional "state",
        /// The service's word for `client_id`.
        pub client_id_key: Option<String> = optional "client_id_key",
        /// The service's word for `client_secret`.
        pub client_secret_key: Option<String> = optional "client_secret_key",
        /// The service's word for `scope`.
        pub scope_key: Option<String> = optional "scope_key",
        /// The service's word for `state`.
        pub state_key: Option<String> = optional "state_key",
        /// The service's word for `code`.
        pub auth_code_key: Option<String> = optional "auth_code_key",
        /// The service's word for `redirect_uri`.
        pub redirect_uri_key: Option<String> = optional "redirect_uri_key",
        /// The service's word for the token's end, `expires_at` say.
        pub token_expiry_key: Option<String> = optional "token_expiry_key",
    }
}

document! {
    /// How the `state` parameter of a sign-in is made.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct OAuthState {
        /// Its least length in characters.
        pub min: Option<i64> = optional "min",
        /// Its greatest length in characters.
        pub max: Option<i64> = optional "max",
    }
}

document! {
    /// How a user can sign in elsewhere, in the way that [`AdvancedAuth`] took the place of.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct AuthSpecification {
        /// The way of signing in; the protocol knows only [`AuthFlow::OAuth2`] here.
        pub auth_type: Option<AuthFlow> = optional "auth_type",
        /// Where in the config the parameters stand.
        pub oauth2: Option<OAuth2Specification> = optional "oauth2Specification",
    }
}

document! {
    /// Where in the config the parameters of a sign-in stand (`OAuth2Specification`; deprecated).
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct OAuth2Specification {
        /// Path to the object that holds them: names and, inside a `oneOf`, indices.
        pub root_object: Vec<Value> = optional "rootObject",
        /// Paths from there to what signing in needs.
        pub init_parameters: Vec<Vec<String>> = optional "oauthFlowInitParameters",
        /// Paths from there to what comes out.
        pub output_parameters: Vec<Vec<String>> = optional "oauthFlowOutputParameters",
    }
}
