import type { BuiltInRole } from '../built-in-role.ts';

/** Roles on storage accounts and on what lies in them. */
export const storageRoles: readonly BuiltInRole[] = [
  {
    id: '17d1049b-9a84-46fb-8f53-869881c3d3ab',
    name: 'Storage Account Contributor',
    description: 'Manages storage accounts, their keys included.',
    permissions: [
      {
        actions: [
          'Microsoft.Authorization/*/read',
          'Microsoft.Insights/alertRules/*',
          'Microsoft.Insights/diagnosticSettings/*',
          'Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action',
          'Microsoft.ResourceHealth/availabilityStatuses/read',
          'Microsoft.Resources/deployments/*',
          'Microsoft.Resources/subscriptions/resourceGroups/read',
          'Microsoft.Storage/storageAccounts/*',
          'Microsoft.Support/*',
        ],
      },
    ],
  },
  {
    id: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
    name: 'Storage Blob Data Owner',
    description: 'Everything on blobs and containers.',
    permissions: [
      {
        actions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/*',
          'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action',
        ],
        dataActions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*'],
      },
    ],
  },
  {
    id: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
    name: 'Storage Blob Data Contributor',
    description: 'Reads, writes and deletes blobs and containers.',
    permissions: [
      {
        actions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/delete',
          'Microsoft.Storage/storageAccounts/blobServices/containers/read',
          'Microsoft.Storage/storageAccounts/blobServices/containers/write',
          'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action',
        ],
        dataActions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete',
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read',
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write',
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/move/action',
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action',
        ],
      },
    ],
  },
  {
    id: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
    name: 'Storage Blob Data Reader',
    description: 'Reads blobs and containers.',
    permissions: [
      {
        actions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/read',
          'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action',
        ],
        dataActions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'],
      },
    ],
  },
  {
    id: 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a',
    name: 'Storage Blob Delegator',
    description: 'Obtains a user delegation key.',
    permissions: [
      { actions: ['Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action'] },
    ],
  },
  {
    id: '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
    name: 'Storage Queue Data Contributor',
    description: 'Reads, writes and deletes queues and messages.',
    permissions: [
      {
        actions: [
          'Microsoft.Storage/storageAccounts/queueServices/queues/delete',
          'Microsoft.Storage/storageAccounts/queueServices/queues/read',
          'Microsoft.Storage/storageAccounts/queueServices/queues/write',
        ],
        dataActions: [
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete',
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/read',
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/write',
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action',
        ],
      },
    ],
  },
  {
    id: '8a0f0c08-91a1-4084-bc3d-661d67233fed',
    name: 'Storage Queue Data Message Processor',
    description: 'Peeks at, takes and deletes messages.',
    permissions: [
      {
        dataActions: [
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/read',
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action',
        ],
      },
    ],
  },
  {
    id: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a',
    name: 'Storage Queue Data Message Sender',
    description: 'Puts messages into queues.',
    permissions: [
      { dataActions: ['Microsoft.Storage/storageAccounts/queueServices/queues/messages/add/action'] },
    ],
  },
  {
    id: '19e7f393-937e-4f77-808e-94535e297925',
    name: 'Storage Queue Data Reader',
    description: 'Reads queues and messages.',
    permissions: [
      {
        actions: ['Microsoft.Storage/storageAccounts/queueServices/queues/read'],
        dataActions: ['Microsoft.Storage/storageAccounts/queueServices/queues/messages/read'],
      },
    ],
  },
  {
    id: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
    name: 'Storage Table Data Contributor',
    description: 'Reads, writes and deletes tables and entities.',
    permissions: [
      {
        actions: [
          'Microsoft.Storage/storageAccounts/tableServices/tables/read',
          'Microsoft.Storage/storageAccounts/tableServices/tables/write',
          'Microsoft.Storage/storageAccounts/tableServices/tables/delete',
        ],
        dataActions: [
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/read',
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/write',
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/delete',
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/add/action',
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/update/action',
        ],
      },
    ],
  },
  {
    id: '76199698-9eea-4c19-bc75-cec21354c6b6',
    name: 'Storage Table Data Reader',
    description: 'Reads tables and entities.',
    permissions: [
      {
        actions: ['Microsoft.Storage/storageAccounts/tableServices/tables/read'],
        dataActions: ['Microsoft.Storage/storageAccounts/tableServices/tables/entities/read'],
      },
    ],
  },
];
