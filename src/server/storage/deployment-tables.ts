/** Rows of deployments, by the rules of `tables.ts`. */
export interface DeploymentTables {
  deployments: DeploymentsTable;
  deployment_steps: DeploymentStepsTable;
}

export interface DeploymentsTable {
  tenant_id: string;
  /** Canonical ARM id; unique in its tenant, since deployments of the tenant scope have the same ids everywhere. */
  canonical: string;
  /** Canonical id of the group, subscription, management group or `/` that it deploys to. */
  scope_canonical: string;
  /** ARM id as displayed. */
  deployment_id: string;
  name: string;
  /** The operation that runs it, or ran it last. */
  operation_id: string;
  /** `Accepted`, `Running`, `Succeeded`, `Failed` or `Canceled` */
  state: string;
  /** `Incremental` or `Complete` */
  mode: string;
  started_at: number;
  changed_at: number;
  /** JSON: what its answers show beside the above. Nothing secure is in it. */
  shown: string;
  /** JSON of the template. */
  template_sealed: Uint8Array;
  /** JSON of all that the run needs beside the template; null once the run has ended. */
  inputs_sealed: Uint8Array | null;
}

/** What a deployment does to one resource: an item of its operations. */
export interface DeploymentStepsTable {
  tenant_id: string;
  deployment_canonical: string;
  /** 16 hexadecimal digits. */
  step_id: string;
  /** The key of the instance of the expanded template; empty for what is about no resource. */
  instance: string;
  /** `Create`, `Read`, `Delete` or `EvaluateDeploymentOutput` */
  operation: string;
  /** `Running`, `Succeeded`, `Failed` or `Canceled` */
  state: string;
  started_at: number;
  changed_at: number;
  tracking_id: string;
  /** `OK`, `Created`, … */
  status_code: string | null;
  /** JSON of the failure's answer, or null. */
  status_message: string | null;
  /** JSON: `{id, resourceType, resourceName}`, or null. */
  target: string | null;
  /** JSON: ids of resources that there are by this step; a nested deployment has many. */
  output_resources: string;
}
