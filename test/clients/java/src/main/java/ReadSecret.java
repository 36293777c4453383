import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.security.keyvault.secrets.SecretClient;
import com.azure.security.keyvault.secrets.SecretClientBuilder;

/** An ordinary Azure program: it names its vault and holds no credential. Nothing here knows of Innate. */
public final class ReadSecret {
    public static void main(String[] args) {
        SecretClient client = new SecretClientBuilder()
            .vaultUrl(args[0])
            .credential(new DefaultAzureCredentialBuilder().build())
            .buildClient();
        System.out.println(args[1] + ": " + client.getSecret(args[1]).getValue());
    }
}
