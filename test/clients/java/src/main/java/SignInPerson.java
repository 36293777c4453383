import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.DeviceCodeCredentialBuilder;
import com.azure.identity.OnBehalfOfCredentialBuilder;
import com.microsoft.aad.msal4j.ClientCredentialFactory;
import com.microsoft.aad.msal4j.ConfidentialClientApplication;
import com.microsoft.aad.msal4j.DeviceCodeFlowParameters;
import com.microsoft.aad.msal4j.IAuthenticationResult;
import com.microsoft.aad.msal4j.IClientCredential;
import com.microsoft.aad.msal4j.OnBehalfOfParameters;
import com.microsoft.aad.msal4j.PublicClientApplication;
import com.microsoft.aad.msal4j.SilentParameters;
import com.microsoft.aad.msal4j.UserAssertion;
import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Ordinary Azure programs by which a person signs in on another device, and an API that acts for them. Prints what the
 * person is to do, a line of JSON each, and what each token says in the end. Nothing here knows of Innate.
 */
public final class SignInPerson {
    private static final String HOST = "https://login.microsoftonline.com/";
    private static final String AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    private static final String ARM = "https://management.azure.com/.default";
    private static final String VAULT = "https://vault.azure.net/.default";
    private static final String TENANT = System.getenv("AZURE_TENANT_ID");
    private static final String FRONT = System.getenv("FRONT_CLIENT_ID");
    private static final String API = System.getenv("API_CLIENT_ID");
    private static final String API_SCOPE = System.getenv("API_SCOPE");
    private static final String SECRET = System.getenv("API_CLIENT_SECRET");
    private static final String PATH = System.getenv("API_CERTIFICATE_PATH");

    public static void main(String[] args) throws Exception {
        String ofPerson = onAnotherDevice(FRONT, TENANT, API_SCOPE).accessToken();
        IClientCredential bySecret = ClientCredentialFactory.createFromSecret(SECRET);
        StringJoiner outcomes = new StringJoiner(",", "{\"outcomes\":{", "}}");
        add(outcomes, "device, msal, to the API", () -> claims(ofPerson));
        add(outcomes, "device, msal", SignInPerson::throughTheFamily);
        add(outcomes, "device, identity", SignInPerson::byDeviceCredential);
        add(outcomes, "on behalf, msal, secret", () -> onBehalfByMsal(ofPerson, bySecret));
        add(outcomes, "on behalf, msal, certificate", () -> onBehalfByMsal(ofPerson, certificate()));
        OnBehalfOfCredentialBuilder api =
            new OnBehalfOfCredentialBuilder().tenantId(TENANT).clientId(API).userAssertion(ofPerson);
        add(outcomes, "on behalf, identity, secret", () -> tokenOf(api.clientSecret(SECRET).build(), ARM));
        add(outcomes, "on behalf, without a grant", () -> tokenOf(api.clientSecret(SECRET).build(), VAULT));
        OnBehalfOfCredentialBuilder byCertificate = new OnBehalfOfCredentialBuilder().tenantId(TENANT).clientId(API)
            .userAssertion(ofPerson).pemCertificate(PATH);
        add(outcomes, "on behalf, identity, certificate", () -> tokenOf(byCertificate.build(), ARM));
        System.out.println(outcomes);
        // the libraries' threads do not end by themselves
        System.exit(0);
    }

    private static void tell(String code, String uri) {
        System.out.println("{\"userCode\":\"" + code + "\",\"verificationUri\":\"" + uri + "\"}");
    }

    private static PublicClientApplication application(String client, String tenant) throws Exception {
        return PublicClientApplication.builder(client).authority(HOST + tenant + "/").build();
    }

    private static IAuthenticationResult onAnotherDevice(String client, String tenant, String scope) throws Exception {
        return onAnotherDevice(application(client, tenant), scope);
    }

    private static IAuthenticationResult onAnotherDevice(PublicClientApplication application, String scope)
        throws Exception {
        return application.acquireToken(DeviceCodeFlowParameters
            .builder(Set.of(scope), device -> tell(device.userCode(), device.verificationUri())).build()).get();
    }

    private static String throughTheFamily() throws Exception {
        PublicClientApplication application = application(AZURE_CLI, "organizations");
        IAuthenticationResult first = onAnotherDevice(application, ARM);
        SilentParameters elsewhere = SilentParameters.builder(Set.of(VAULT), first.account()).build();
        String second = application.acquireTokenSilently(elsewhere).get().accessToken();
        return "[" + claims(first.accessToken()) + "," + claims(second) + "]";
    }

    private static String byDeviceCredential() {
        TokenCredential credential = new DeviceCodeCredentialBuilder().clientId(AZURE_CLI).tenantId(TENANT)
            .challengeConsumer(device -> tell(device.getUserCode(), device.getVerificationUrl())).build();
        return "[" + tokenOf(credential, ARM) + "," + tokenOf(credential, VAULT) + "]";
    }

    private static String onBehalfByMsal(String assertion, IClientCredential credential) throws Exception {
        return claims(ConfidentialClientApplication.builder(API, credential).authority(HOST + TENANT + "/").build()
            .acquireToken(OnBehalfOfParameters.builder(Set.of(ARM), new UserAssertion(assertion)).build()).get()
            .accessToken());
    }

    private static IClientCredential certificate() throws Exception {
        String pem = Files.readString(Path.of(PATH));
        PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(part(pem, "PRIVATE KEY")));
        X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(part(pem, "CERTIFICATE")));
        return ClientCredentialFactory.createFromCertificate(key, certificate);
    }

    private static byte[] part(String pem, String label) {
        String text = find("-----BEGIN " + label + "-----([^-]+)-----END", pem);
        return Base64.getMimeDecoder().decode(text);
    }

    private static String tokenOf(TokenCredential credential, String scope) {
        return claims(credential.getTokenSync(new TokenRequestContext().addScopes(scope)).getToken());
    }

    private static String claims(String token) {
        String read = new String(Base64.getUrlDecoder().decode(token.split("\\.")[1]), StandardCharsets.UTF_8);
        StringJoiner shown = new StringJoiner(",", "{", "}");
        for (String name : new String[] {"aud", "scp", "upn", "appid"}) {
            shown.add("\"" + name + "\":\"" + find("\"" + name + "\":\"([^\"]+)\"", read) + "\"");
        }
        return shown.toString();
    }

    private static void add(StringJoiner outcomes, String name, Callable<String> attempt) {
        String outcome;
        try {
            outcome = attempt.call();
        } catch (Exception error) {
            StringWriter said = new StringWriter();
            error.printStackTrace(new PrintWriter(said));
            // the code is what counts, whatever the library wraps it in
            outcome = "\"" + find("(AADSTS\\d+)", said.toString()) + "\"";
        }
        outcomes.add("\"" + name + "\":" + outcome);
    }

    private static String find(String pattern, String text) {
        Matcher match = Pattern.compile(pattern).matcher(text);
        return match.find() ? match.group(1) : "";
    }
}
