// One of AWS's credential providers for JavaScript, unmodified: node javascript_credentials.mjs PROVIDER [OPTIONS AS JSON]
// Prints what it gave, or the error that it raised, as one line of JSON.
import * as providers from "@aws-sdk/credential-providers";

const [name, options] = process.argv.slice(2);

try {
  const given = await providers[name](JSON.parse(options ?? "{}"))();
  console.log(JSON.stringify(given));
} catch (error) {
  console.log(JSON.stringify({ error: error.name, message: error.message, code: error.Code, told: error.Message }));
}
