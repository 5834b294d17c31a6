// The contract as TypeScript, made from the OpenAPI document: what `@opencoven/client` says its calls take and give, without zod.

type Json = Readonly<Record<string, unknown>>;

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
  readonly codes: readonly string[];
}

/** The file: one type for each schema that has a name, and `Operations` with what each operation takes and gives. */
export function contractTypes({ paths, components, codes }: Document): string {
  const named = Object.entries(components.schemas)
    // Errors are told apart by CovenError's code.
    .filter(([name]) => !name.endsWith("Error"))
    .map(([name, schema]) => `export type ${name} = ${typeOf(schema, "")};\n`);
  const operations = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map((operation) => {
      const parts = [
        `query: ${queryOf(operation)};`,
        `body: ${bodyOf(operation)};`,
        `answer: ${answerOf(operation)};`,
      ];
      return `  /** ${said(operation["summary"])} */\n  ${operation["operationId"]}: {\n    ${parts.join("\n    ")}\n  };\n`;
    }),
  );
  return [
    "// Made from docs/openapi.json: bun test/support/write-openapi.ts\n",
    `/** Every code of an error. */\nexport type ErrorCode =\n${codes.map((code) => `  | ${JSON.stringify(code)}`).join("\n")};\n`,
    ...named,
    `/** What each operation takes and gives. */\nexport interface Operations {\n${operations.join("")}}\n`,
  ].join("\n");
}

function queryOf(operation: Json): string {
  const parameters = (operation["parameters"] ?? []) as readonly Json[];
  const members = parameters
    .filter((one) => one["in"] === "query")
    .map((one) => {
      const mark = one["required"] ? "" : "?";
      return `${comment(one["description"], "      ")}      ${key(String(one["name"]))}${mark}: ${typeOf(one["schema"] as Json, "      ")};\n`;
    });
  return members.length === 0 ? "{}" : `{\n${members.join("")}    }`;
}

function bodyOf(operation: Json): string {
  const body = operation["requestBody"] as { content?: Record<string, { schema: Json }> } | undefined;
  const schema = body?.content?.["application/json"]?.schema;
  return schema ? typeOf(schema, "    ") : "undefined";
}

function answerOf(operation: Json): string {
  const responses = operation["responses"] as Record<string, { content?: Record<string, { schema: Json }> }>;
  const good = Object.entries(responses).find(([status, { content }]) => Number(status) < 300 && content);
  const content = good?.[1].content ?? {};
  const schema = content["application/json"]?.schema;
  return schema ? typeOf(schema, "    ") : "string";
}

function typeOf(schema: Json, indent: string): string {
  const {
    $ref,
    enum: words,
    anyOf,
    oneOf,
    type,
    items,
    prefixItems,
    properties,
    not,
  } = schema as {
    readonly $ref?: string;
    readonly enum?: readonly unknown[];
    readonly anyOf?: readonly Json[];
    readonly oneOf?: readonly Json[];
    readonly type?: string | readonly string[];
    readonly items?: Json;
    readonly prefixItems?: readonly Json[];
    readonly properties?: Readonly<Record<string, Json>>;
    readonly not?: Json;
  };
  if ($ref) return $ref.slice($ref.lastIndexOf("/") + 1);
  if ("const" in schema) return JSON.stringify(schema["const"]);
  if (words) return words.map((word) => JSON.stringify(word)).join(" | ");
  const union = anyOf ?? oneOf;
  if (union) return union.map((one) => typeOf(one, indent)).join(" | ");
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one }, indent)).join(" | ");
  if (not) return "never";
  if (type === "string" || type === "boolean" || type === "null") return type;
  if (type === "integer" || type === "number") return "number";
  if (type === "array") {
    if (prefixItems) return `readonly [${prefixItems.map((one) => typeOf(one, indent)).join(", ")}]`;
    const of = typeOf(items ?? {}, indent);
    return `readonly ${/[ |]/.test(of) && !of.startsWith("{") ? `(${of})` : of}[]`;
  }
  if (type !== "object") return "unknown";
  return objectOf(schema, properties, indent);
}

function objectOf(
  schema: Json,
  properties: Readonly<Record<string, Json>> | undefined,
  indent: string,
): string {
  const required = new Set((schema["required"] ?? []) as readonly string[]);
  if (!properties || Object.keys(properties).length === 0) {
    const rest = schema["additionalProperties"];
    const of = typeof rest === "object" && rest !== null ? typeOf(rest as Json, indent) : "unknown";
    const { propertyNames } = schema as { readonly propertyNames?: Json };
    const names = propertyNames?.["enum"] ? typeOf(propertyNames, indent) : "string";
    return `Readonly<Record<${names}, ${of}>>`;
  }
  const members = Object.entries(properties).map(([name, one]) => {
    const mark = required.has(name) ? "" : "?";
    return `${comment(one["description"], `${indent}  `)}${indent}  readonly ${key(name)}${mark}: ${typeOf(one, `${indent}  `)};\n`;
  });
  return `{\n${members.join("")}${indent}}`;
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function comment(text: unknown, indent: string): string {
  return typeof text === "string" && text !== "(+)" ? `${indent}/** ${said(text)} */\n` : "";
}

function said(text: unknown): string {
  return String(text).replaceAll("*/", "*\\/").replaceAll(/\s+/g, " ");
}
