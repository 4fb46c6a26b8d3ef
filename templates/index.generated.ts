// Written by `npm run gen:templates`.
import type { TemplateEntry } from './manifest.ts';

export const entries: readonly TemplateEntry[] = [
  {
    manifest: {
      "id": "lead-scoring-automation",
      "version": "1.0.0",
      "name": "Lead scoring automation",
      "summary": "Scores every lead by fit and engagement, and turns the hot ones into deals.",
      "description": "Whenever a lead is added or its facts or engagement change, the lead is scored from 0 to 100, with an explanation of every part. Active colleagues at the same company add to the score. Hot leads become a deal, once, and are qualified; warm ones go to nurturing; cold ones that do not suit us are set aside, all others wait for their next activity.",
      "category": "sales",
      "tags": [
        "leads",
        "scoring",
        "conversion"
      ],
      "icon": "gauge",
      "trigger_summary": "A lead is added, or its facts or engagement change",
      "requires": {
        "tables": [
          "leads",
          "deals"
        ],
        "integrations": [],
        "roles": [
          "editor",
          "admin",
          "owner"
        ]
      },
      "variables": {
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "hotScore": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "default": 70,
            "title": "Hot from",
            "description": "Leads with at least this score become deals."
          },
          "warmScore": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "default": 40,
            "title": "Warm from",
            "description": "Leads with at least this score are nurtured."
          },
          "poorFit": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "default": 25,
            "title": "Poor fit below",
            "description": "Cold leads whose fit is lower are set aside."
          },
          "accountBonus": {
            "type": "integer",
            "minimum": 0,
            "maximum": 30,
            "default": 5,
            "title": "Points for active colleagues",
            "description": "Added when others at the company were active in the last 90 days."
          },
          "targetIndustries": {
            "type": "array",
            "items": {
              "type": "string"
            },
            "default": [
              "events",
              "entertainment",
              "hospitality",
              "venues",
              "software"
            ],
            "title": "Target industries"
          },
          "minEmployees": {
            "type": "integer",
            "minimum": 1,
            "default": 50,
            "title": "Ideal company: from employees"
          },
          "maxEmployees": {
            "type": "integer",
            "minimum": 1,
            "default": 1000,
            "title": "Ideal company: to employees"
          },
          "dealProbability": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "default": 20,
            "title": "Probability of a new deal, in percent"
          }
        }
      },
      "setup_steps": [
        "Set the target industries and the company size you sell to.",
        "Publish it as a member who may edit leads and deals."
      ],
      "est_minutes_saved": 8
    },
    load: () => import('./workflows/sales/lead-scoring-automation.json', { with: { type: 'json' } }),
  },
];
