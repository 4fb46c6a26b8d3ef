export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      approval_decisions: {
        Row: {
          comment: string | null;
          created_at: string;
          decision: string;
          delegate_to: string | null;
          id: string;
          organization_id: string;
          request_id: string;
          user_id: string;
          via: string;
        };
        ComputedFields: never;
        Insert: {
          comment?: string | null;
          created_at?: string;
          decision: string;
          delegate_to?: string | null;
          id?: string;
          organization_id: string;
          request_id: string;
          user_id?: string;
          via?: string;
        };
        Update: {
          comment?: string | null;
          created_at?: string;
          decision?: string;
          delegate_to?: string | null;
          id?: string;
          organization_id?: string;
          request_id?: string;
          user_id?: string;
          via?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'approval_decisions_request_id_fkey';
            columns: ['request_id'];
            isOneToOne: false;
            referencedRelation: 'approval_requests';
            referencedColumns: ['id'];
          },
        ];
      };
      approval_requests: {
        Row: {
          allow_requester: boolean;
          approver_ids: string[];
          approver_roles: string[];
          channel: string | null;
          created_at: string;
          decided_at: string | null;
          details: Json | null;
          due_at: string;
          execution_id: string;
          id: string;
          min_role: string;
          on_timeout: string;
          organization_id: string;
          quorum: number;
          remind_at: string[];
          reminded_at: string | null;
          reminders_sent: number;
          requested_by: string | null;
          status: string;
          title: string;
        };
        ComputedFields: never;
        Insert: {
          allow_requester: boolean;
          approver_ids: string[];
          approver_roles: string[];
          channel?: string | null;
          created_at?: string;
          decided_at?: string | null;
          details?: Json | null;
          due_at: string;
          execution_id: string;
          id: string;
          min_role: string;
          on_timeout: string;
          organization_id: string;
          quorum: number;
          remind_at: string[];
          reminded_at?: string | null;
          reminders_sent?: number;
          requested_by?: string | null;
          status?: string;
          title: string;
        };
        Update: {
          allow_requester?: boolean;
          approver_ids?: string[];
          approver_roles?: string[];
          channel?: string | null;
          created_at?: string;
          decided_at?: string | null;
          details?: Json | null;
          due_at?: string;
          execution_id?: string;
          id?: string;
          min_role?: string;
          on_timeout?: string;
          organization_id?: string;
          quorum?: number;
          remind_at?: string[];
          reminded_at?: string | null;
          reminders_sent?: number;
          requested_by?: string | null;
          status?: string;
          title?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'approval_requests_id_fkey';
            columns: ['id'];
            isOneToOne: true;
            referencedRelation: 'workflow_execution_steps';
            referencedColumns: ['id'];
          },
        ];
      };
      deals: {
        Row: {
          amount: number | null;
          closed_at: string | null;
          created_at: string;
          currency: string;
          custom: NonNullable<Json>;
          discount_percent: number;
          expected_close_date: string | null;
          id: string;
          last_activity_at: string | null;
          lead_id: string | null;
          lost_reason: string | null;
          name: string;
          organization_id: string;
          owner_id: string | null;
          probability: number;
          stage: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          amount?: number | null;
          closed_at?: string | null;
          created_at?: string;
          currency?: string;
          custom?: NonNullable<Json>;
          discount_percent?: number;
          expected_close_date?: string | null;
          id?: string;
          last_activity_at?: string | null;
          lead_id?: string | null;
          lost_reason?: string | null;
          name: string;
          organization_id: string;
          owner_id?: string | null;
          probability?: number;
          stage?: string;
          updated_at?: string;
        };
        Update: {
          amount?: number | null;
          closed_at?: string | null;
          created_at?: string;
          currency?: string;
          custom?: NonNullable<Json>;
          discount_percent?: number;
          expected_close_date?: string | null;
          id?: string;
          last_activity_at?: string | null;
          lead_id?: string | null;
          lost_reason?: string | null;
          name?: string;
          organization_id?: string;
          owner_id?: string | null;
          probability?: number;
          stage?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'deals_organization_id_fkey';
            columns: ['organization_id'];
            isOneToOne: false;
            referencedRelation: 'organizations';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'deals_organization_id_lead_id_fkey';
            columns: ['organization_id', 'lead_id'];
            isOneToOne: true;
            referencedRelation: 'leads';
            referencedColumns: ['organization_id', 'id'];
          },
          {
            foreignKeyName: 'deals_organization_id_owner_id_fkey';
            columns: ['organization_id', 'owner_id'];
            isOneToOne: false;
            referencedRelation: 'organization_members';
            referencedColumns: ['organization_id', 'user_id'];
          },
        ];
      };
      email_events: {
        Row: {
          campaign_id: string | null;
          created_at: string;
          email_log_id: string | null;
          event: string;
          id: string;
          min_role: string;
          occurred_at: string;
          organization_id: string;
          payload: NonNullable<Json>;
          provider_event_id: string | null;
          reason: string | null;
          recipient: string;
          url: string | null;
        };
        ComputedFields: never;
        Insert: {
          campaign_id?: string | null;
          created_at?: string;
          email_log_id?: string | null;
          event: string;
          id?: string;
          min_role?: string;
          occurred_at?: string;
          organization_id: string;
          payload?: NonNullable<Json>;
          provider_event_id?: string | null;
          reason?: string | null;
          recipient: string;
          url?: string | null;
        };
        Update: {
          campaign_id?: string | null;
          created_at?: string;
          email_log_id?: string | null;
          event?: string;
          id?: string;
          min_role?: string;
          occurred_at?: string;
          organization_id?: string;
          payload?: NonNullable<Json>;
          provider_event_id?: string | null;
          reason?: string | null;
          recipient?: string;
          url?: string | null;
        };
        Relationships: [];
      };
      email_logs: {
        Row: {
          attempts: number;
          body: string | null;
          campaign_id: string | null;
          created_at: string;
          delivered_at: string | null;
          error: Json | null;
          execution_id: string;
          id: string;
          idempotency_key: string;
          locale: string | null;
          min_role: string;
          organization_id: string;
          provider: string | null;
          provider_id: string | null;
          reason: string | null;
          recipient: string;
          resumed: number;
          sent_at: string | null;
          status: string;
          step_run_id: string;
          subject: string | null;
          template_id: string | null;
          updated_at: string;
          workflow_id: string;
        };
        ComputedFields: never;
        Insert: {
          attempts?: number;
          body?: string | null;
          campaign_id?: string | null;
          created_at?: string;
          delivered_at?: string | null;
          error?: Json | null;
          execution_id: string;
          id?: string;
          idempotency_key: string;
          locale?: string | null;
          min_role: string;
          organization_id: string;
          provider?: string | null;
          provider_id?: string | null;
          reason?: string | null;
          recipient: string;
          resumed?: number;
          sent_at?: string | null;
          status: string;
          step_run_id: string;
          subject?: string | null;
          template_id?: string | null;
          updated_at?: string;
          workflow_id: string;
        };
        Update: {
          attempts?: number;
          body?: string | null;
          campaign_id?: string | null;
          created_at?: string;
          delivered_at?: string | null;
          error?: Json | null;
          execution_id?: string;
          id?: string;
          idempotency_key?: string;
          locale?: string | null;
          min_role?: string;
          organization_id?: string;
          provider?: string | null;
          provider_id?: string | null;
          reason?: string | null;
          recipient?: string;
          resumed?: number;
          sent_at?: string | null;
          status?: string;
          step_run_id?: string;
          subject?: string | null;
          template_id?: string | null;
          updated_at?: string;
          workflow_id?: string;
        };
        Relationships: [];
      };
      knowledge_base_articles: {
        Row: {
          body: string;
          category: string | null;
          created_at: string;
          id: string;
          language: string;
          organization_id: string;
          published_at: string | null;
          search: unknown;
          status: string;
          tags: string[];
          title: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          body: string;
          category?: string | null;
          created_at?: string;
          id?: string;
          language?: string;
          organization_id: string;
          published_at?: string | null;
          search?: never;
          status?: string;
          tags?: string[];
          title: string;
          updated_at?: string;
        };
        Update: {
          body?: string;
          category?: string | null;
          created_at?: string;
          id?: string;
          language?: string;
          organization_id?: string;
          published_at?: string | null;
          search?: never;
          status?: string;
          tags?: string[];
          title?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'knowledge_base_articles_organization_id_fkey';
            columns: ['organization_id'];
            isOneToOne: false;
            referencedRelation: 'organizations';
            referencedColumns: ['id'];
          },
        ];
      };
      leads: {
        Row: {
          assigned_to: string | null;
          company: string | null;
          company_size: number | null;
          converted_at: string | null;
          converted_deal_id: string | null;
          country: string | null;
          created_at: string;
          custom: NonNullable<Json>;
          email: string | null;
          email_clicks: number;
          email_opens: number;
          first_name: string | null;
          form_submissions: number;
          id: string;
          industry: string | null;
          job_title: string | null;
          last_activity_at: string | null;
          last_name: string | null;
          marketing_consent: boolean;
          name: string | null;
          notes: string | null;
          organization_id: string;
          page_views: number;
          phone: string | null;
          score: number | null;
          score_details: Json | null;
          scored_at: string | null;
          source: string | null;
          status: string;
          tags: string[];
          updated_at: string;
          website: string | null;
        };
        ComputedFields: never;
        Insert: {
          assigned_to?: string | null;
          company?: string | null;
          company_size?: number | null;
          converted_at?: string | null;
          converted_deal_id?: string | null;
          country?: string | null;
          created_at?: string;
          custom?: NonNullable<Json>;
          email?: string | null;
          email_clicks?: number;
          email_opens?: number;
          first_name?: string | null;
          form_submissions?: number;
          id?: string;
          industry?: string | null;
          job_title?: string | null;
          last_activity_at?: string | null;
          last_name?: string | null;
          marketing_consent?: boolean;
          name?: string | null;
          notes?: string | null;
          organization_id: string;
          page_views?: number;
          phone?: string | null;
          score?: number | null;
          score_details?: Json | null;
          scored_at?: string | null;
          source?: string | null;
          status?: string;
          tags?: string[];
          updated_at?: string;
          website?: string | null;
        };
        Update: {
          assigned_to?: string | null;
          company?: string | null;
          company_size?: number | null;
          converted_at?: string | null;
          converted_deal_id?: string | null;
          country?: string | null;
          created_at?: string;
          custom?: NonNullable<Json>;
          email?: string | null;
          email_clicks?: number;
          email_opens?: number;
          first_name?: string | null;
          form_submissions?: number;
          id?: string;
          industry?: string | null;
          job_title?: string | null;
          last_activity_at?: string | null;
          last_name?: string | null;
          marketing_consent?: boolean;
          name?: string | null;
          notes?: string | null;
          organization_id?: string;
          page_views?: number;
          phone?: string | null;
          score?: number | null;
          score_details?: Json | null;
          scored_at?: string | null;
          source?: string | null;
          status?: string;
          tags?: string[];
          updated_at?: string;
          website?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'leads_organization_id_assigned_to_fkey';
            columns: ['organization_id', 'assigned_to'];
            isOneToOne: false;
            referencedRelation: 'organization_members';
            referencedColumns: ['organization_id', 'user_id'];
          },
          {
            foreignKeyName: 'leads_organization_id_converted_deal_id_fkey';
            columns: ['organization_id', 'converted_deal_id'];
            isOneToOne: false;
            referencedRelation: 'deals';
            referencedColumns: ['organization_id', 'id'];
          },
          {
            foreignKeyName: 'leads_organization_id_fkey';
            columns: ['organization_id'];
            isOneToOne: false;
            referencedRelation: 'organizations';
            referencedColumns: ['id'];
          },
        ];
      };
      notification_logs: {
        Row: {
          attempts: number;
          body: string | null;
          created_at: string;
          delivered_at: string | null;
          error: Json | null;
          execution_id: string;
          id: string;
          idempotency_key: string;
          locale: string | null;
          min_role: string;
          organization_id: string;
          provider: string | null;
          provider_id: string | null;
          reason: string | null;
          recipient: string;
          resumed: number;
          sent_at: string | null;
          status: string;
          step_run_id: string;
          subject: string | null;
          template_id: string | null;
          updated_at: string;
          workflow_id: string;
        };
        ComputedFields: never;
        Insert: {
          attempts?: number;
          body?: string | null;
          created_at?: string;
          delivered_at?: string | null;
          error?: Json | null;
          execution_id: string;
          id?: string;
          idempotency_key: string;
          locale?: string | null;
          min_role: string;
          organization_id: string;
          provider?: string | null;
          provider_id?: string | null;
          reason?: string | null;
          recipient: string;
          resumed?: number;
          sent_at?: string | null;
          status: string;
          step_run_id: string;
          subject?: string | null;
          template_id?: string | null;
          updated_at?: string;
          workflow_id: string;
        };
        Update: {
          attempts?: number;
          body?: string | null;
          created_at?: string;
          delivered_at?: string | null;
          error?: Json | null;
          execution_id?: string;
          id?: string;
          idempotency_key?: string;
          locale?: string | null;
          min_role?: string;
          organization_id?: string;
          provider?: string | null;
          provider_id?: string | null;
          reason?: string | null;
          recipient?: string;
          resumed?: number;
          sent_at?: string | null;
          status?: string;
          step_run_id?: string;
          subject?: string | null;
          template_id?: string | null;
          updated_at?: string;
          workflow_id?: string;
        };
        Relationships: [];
      };
      notification_settings: {
        Row: {
          brand_name: string | null;
          footer: string | null;
          locale: string;
          max_per_recipient: number | null;
          organization_id: string;
          per_interval: string;
          quiet_channels: string[];
          quiet_from: string | null;
          quiet_until: string | null;
          timezone: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          brand_name?: string | null;
          footer?: string | null;
          locale?: string;
          max_per_recipient?: number | null;
          organization_id: string;
          per_interval?: string;
          quiet_channels?: string[];
          quiet_from?: string | null;
          quiet_until?: string | null;
          timezone?: string;
          updated_at?: string;
        };
        Update: {
          brand_name?: string | null;
          footer?: string | null;
          locale?: string;
          max_per_recipient?: number | null;
          organization_id?: string;
          per_interval?: string;
          quiet_channels?: string[];
          quiet_from?: string | null;
          quiet_until?: string | null;
          timezone?: string;
          updated_at?: string;
        };
        Relationships: [];
      };
      notification_suppressions: {
        Row: {
          channel: string;
          created_at: string;
          note: string | null;
          organization_id: string;
          reason: string;
          recipient: string;
        };
        ComputedFields: never;
        Insert: {
          channel: string;
          created_at?: string;
          note?: string | null;
          organization_id: string;
          reason?: string;
          recipient: string;
        };
        Update: {
          channel?: string;
          created_at?: string;
          note?: string | null;
          organization_id?: string;
          reason?: string;
          recipient?: string;
        };
        Relationships: [];
      };
      notification_templates: {
        Row: {
          body: string;
          channel: string;
          created_at: string;
          html: string | null;
          id: string;
          locale: string;
          organization_id: string | null;
          subject: string | null;
          template_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          body: string;
          channel: string;
          created_at?: string;
          html?: string | null;
          id?: string;
          locale?: string;
          organization_id?: string | null;
          subject?: string | null;
          template_id: string;
          updated_at?: string;
        };
        Update: {
          body?: string;
          channel?: string;
          created_at?: string;
          html?: string | null;
          id?: string;
          locale?: string;
          organization_id?: string | null;
          subject?: string | null;
          template_id?: string;
          updated_at?: string;
        };
        Relationships: [];
      };
      organization_members: {
        Row: {
          created_at: string;
          organization_id: string;
          role: string;
          user_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          organization_id: string;
          role?: string;
          user_id: string;
        };
        Update: {
          created_at?: string;
          organization_id?: string;
          role?: string;
          user_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'organization_members_organization_id_fkey';
            columns: ['organization_id'];
            isOneToOne: false;
            referencedRelation: 'organizations';
            referencedColumns: ['id'];
          },
        ];
      };
      organizations: {
        Row: {
          created_at: string;
          created_by: string | null;
          id: string;
          name: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          created_by?: string | null;
          id?: string;
          name: string;
          updated_at?: string;
        };
        Update: {
          created_at?: string;
          created_by?: string | null;
          id?: string;
          name?: string;
          updated_at?: string;
        };
        Relationships: [];
      };
      push_notifications: {
        Row: {
          attempts: number;
          body: string | null;
          created_at: string;
          delivered_at: string | null;
          error: Json | null;
          execution_id: string;
          id: string;
          idempotency_key: string;
          locale: string | null;
          min_role: string;
          organization_id: string;
          provider: string | null;
          provider_id: string | null;
          reason: string | null;
          recipient: string;
          resumed: number;
          sent_at: string | null;
          status: string;
          step_run_id: string;
          subject: string | null;
          template_id: string | null;
          updated_at: string;
          workflow_id: string;
        };
        ComputedFields: never;
        Insert: {
          attempts?: number;
          body?: string | null;
          created_at?: string;
          delivered_at?: string | null;
          error?: Json | null;
          execution_id: string;
          id?: string;
          idempotency_key: string;
          locale?: string | null;
          min_role: string;
          organization_id: string;
          provider?: string | null;
          provider_id?: string | null;
          reason?: string | null;
          recipient: string;
          resumed?: number;
          sent_at?: string | null;
          status: string;
          step_run_id: string;
          subject?: string | null;
          template_id?: string | null;
          updated_at?: string;
          workflow_id: string;
        };
        Update: {
          attempts?: number;
          body?: string | null;
          created_at?: string;
          delivered_at?: string | null;
          error?: Json | null;
          execution_id?: string;
          id?: string;
          idempotency_key?: string;
          locale?: string | null;
          min_role?: string;
          organization_id?: string;
          provider?: string | null;
          provider_id?: string | null;
          reason?: string | null;
          recipient?: string;
          resumed?: number;
          sent_at?: string | null;
          status?: string;
          step_run_id?: string;
          subject?: string | null;
          template_id?: string | null;
          updated_at?: string;
          workflow_id?: string;
        };
        Relationships: [];
      };
      scheduled_workflows: {
        Row: {
          at: string | null;
          created_at: string;
          created_by: string | null;
          cron: string | null;
          enabled: boolean;
          every: string | null;
          failures: number;
          from_definition: boolean;
          id: string;
          input: NonNullable<Json>;
          last_error: Json | null;
          last_execution_id: string | null;
          last_run_at: string | null;
          missed_limit: number;
          missed_policy: string;
          name: string | null;
          next_run_at: string | null;
          organization_id: string;
          overlap_policy: string;
          queued_runs: string[];
          suspended_at: string | null;
          timezone: string;
          updated_at: string;
          workflow_id: string;
        };
        ComputedFields: never;
        Insert: {
          at?: string | null;
          created_at?: string;
          created_by?: string | null;
          cron?: string | null;
          enabled?: boolean;
          every?: string | null;
          failures?: number;
          from_definition?: boolean;
          id?: string;
          input?: NonNullable<Json>;
          last_error?: Json | null;
          last_execution_id?: string | null;
          last_run_at?: string | null;
          missed_limit?: number;
          missed_policy?: string;
          name?: string | null;
          next_run_at?: string | null;
          organization_id: string;
          overlap_policy?: string;
          queued_runs?: string[];
          suspended_at?: string | null;
          timezone?: string;
          updated_at?: string;
          workflow_id: string;
        };
        Update: {
          at?: string | null;
          created_at?: string;
          created_by?: string | null;
          cron?: string | null;
          enabled?: boolean;
          every?: string | null;
          failures?: number;
          from_definition?: boolean;
          id?: string;
          input?: NonNullable<Json>;
          last_error?: Json | null;
          last_execution_id?: string | null;
          last_run_at?: string | null;
          missed_limit?: number;
          missed_policy?: string;
          name?: string | null;
          next_run_at?: string | null;
          organization_id?: string;
          overlap_policy?: string;
          queued_runs?: string[];
          suspended_at?: string | null;
          timezone?: string;
          updated_at?: string;
          workflow_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'scheduled_workflows_workflow_id_fkey';
            columns: ['workflow_id'];
            isOneToOne: false;
            referencedRelation: 'workflows';
            referencedColumns: ['id'];
          },
        ];
      };
      slack_messages: {
        Row: {
          attempts: number;
          body: string | null;
          created_at: string;
          delivered_at: string | null;
          error: Json | null;
          execution_id: string;
          id: string;
          idempotency_key: string;
          locale: string | null;
          min_role: string;
          organization_id: string;
          provider: string | null;
          provider_id: string | null;
          reason: string | null;
          recipient: string;
          resumed: number;
          sent_at: string | null;
          status: string;
          step_run_id: string;
          subject: string | null;
          template_id: string | null;
          updated_at: string;
          workflow_id: string;
        };
        ComputedFields: never;
        Insert: {
          attempts?: number;
          body?: string | null;
          created_at?: string;
          delivered_at?: string | null;
          error?: Json | null;
          execution_id: string;
          id?: string;
          idempotency_key: string;
          locale?: string | null;
          min_role: string;
          organization_id: string;
          provider?: string | null;
          provider_id?: string | null;
          reason?: string | null;
          recipient: string;
          resumed?: number;
          sent_at?: string | null;
          status: string;
          step_run_id: string;
          subject?: string | null;
          template_id?: string | null;
          updated_at?: string;
          workflow_id: string;
        };
        Update: {
          attempts?: number;
          body?: string | null;
          created_at?: string;
          delivered_at?: string | null;
          error?: Json | null;
          execution_id?: string;
          id?: string;
          idempotency_key?: string;
          locale?: string | null;
          min_role?: string;
          organization_id?: string;
          provider?: string | null;
          provider_id?: string | null;
          reason?: string | null;
          recipient?: string;
          resumed?: number;
          sent_at?: string | null;
          status?: string;
          step_run_id?: string;
          subject?: string | null;
          template_id?: string | null;
          updated_at?: string;
          workflow_id?: string;
        };
        Relationships: [];
      };
      sms_logs: {
        Row: {
          attempts: number;
          body: string | null;
          created_at: string;
          delivered_at: string | null;
          error: Json | null;
          execution_id: string;
          id: string;
          idempotency_key: string;
          locale: string | null;
          min_role: string;
          organization_id: string;
          provider: string | null;
          provider_id: string | null;
          reason: string | null;
          recipient: string;
          resumed: number;
          sent_at: string | null;
          status: string;
          step_run_id: string;
          subject: string | null;
          template_id: string | null;
          updated_at: string;
          workflow_id: string;
        };
        ComputedFields: never;
        Insert: {
          attempts?: number;
          body?: string | null;
          created_at?: string;
          delivered_at?: string | null;
          error?: Json | null;
          execution_id: string;
          id?: string;
          idempotency_key: string;
          locale?: string | null;
          min_role: string;
          organization_id: string;
          provider?: string | null;
          provider_id?: string | null;
          reason?: string | null;
          recipient: string;
          resumed?: number;
          sent_at?: string | null;
          status: string;
          step_run_id: string;
          subject?: string | null;
          template_id?: string | null;
          updated_at?: string;
          workflow_id: string;
        };
        Update: {
          attempts?: number;
          body?: string | null;
          created_at?: string;
          delivered_at?: string | null;
          error?: Json | null;
          execution_id?: string;
          id?: string;
          idempotency_key?: string;
          locale?: string | null;
          min_role?: string;
          organization_id?: string;
          provider?: string | null;
          provider_id?: string | null;
          reason?: string | null;
          recipient?: string;
          resumed?: number;
          sent_at?: string | null;
          status?: string;
          step_run_id?: string;
          subject?: string | null;
          template_id?: string | null;
          updated_at?: string;
          workflow_id?: string;
        };
        Relationships: [];
      };
      support_tickets: {
        Row: {
          assigned_to: string | null;
          body: string;
          category_id: string | null;
          channel: string;
          created_at: string;
          custom: NonNullable<Json>;
          customer_tier: string;
          duplicate_of: string | null;
          first_responded_at: string | null;
          first_response_due_at: string | null;
          id: string;
          match_text: string;
          organization_id: string;
          priority: string;
          requester_email: string | null;
          requester_name: string | null;
          resolution_due_at: string | null;
          resolved_at: string | null;
          status: string;
          subject: string;
          tags: string[];
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          assigned_to?: string | null;
          body?: string;
          category_id?: string | null;
          channel?: string;
          created_at?: string;
          custom?: NonNullable<Json>;
          customer_tier?: string;
          duplicate_of?: string | null;
          first_responded_at?: string | null;
          first_response_due_at?: string | null;
          id?: string;
          match_text?: never;
          organization_id: string;
          priority?: string;
          requester_email?: string | null;
          requester_name?: string | null;
          resolution_due_at?: string | null;
          resolved_at?: string | null;
          status?: string;
          subject: string;
          tags?: string[];
          updated_at?: string;
        };
        Update: {
          assigned_to?: string | null;
          body?: string;
          category_id?: string | null;
          channel?: string;
          created_at?: string;
          custom?: NonNullable<Json>;
          customer_tier?: string;
          duplicate_of?: string | null;
          first_responded_at?: string | null;
          first_response_due_at?: string | null;
          id?: string;
          match_text?: never;
          organization_id?: string;
          priority?: string;
          requester_email?: string | null;
          requester_name?: string | null;
          resolution_due_at?: string | null;
          resolved_at?: string | null;
          status?: string;
          subject?: string;
          tags?: string[];
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'support_tickets_organization_id_assigned_to_fkey';
            columns: ['organization_id', 'assigned_to'];
            isOneToOne: false;
            referencedRelation: 'organization_members';
            referencedColumns: ['organization_id', 'user_id'];
          },
          {
            foreignKeyName: 'support_tickets_organization_id_category_id_fkey';
            columns: ['organization_id', 'category_id'];
            isOneToOne: false;
            referencedRelation: 'ticket_categories';
            referencedColumns: ['organization_id', 'id'];
          },
          {
            foreignKeyName: 'support_tickets_organization_id_duplicate_of_fkey';
            columns: ['organization_id', 'duplicate_of'];
            isOneToOne: false;
            referencedRelation: 'support_tickets';
            referencedColumns: ['organization_id', 'id'];
          },
          {
            foreignKeyName: 'support_tickets_organization_id_fkey';
            columns: ['organization_id'];
            isOneToOne: false;
            referencedRelation: 'organizations';
            referencedColumns: ['id'];
          },
        ];
      };
      ticket_categories: {
        Row: {
          created_at: string;
          description: string | null;
          id: string;
          name: string;
          organization_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          description?: string | null;
          id?: string;
          name: string;
          organization_id: string;
          updated_at?: string;
        };
        Update: {
          created_at?: string;
          description?: string | null;
          id?: string;
          name?: string;
          organization_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'ticket_categories_organization_id_fkey';
            columns: ['organization_id'];
            isOneToOne: false;
            referencedRelation: 'organizations';
            referencedColumns: ['id'];
          },
        ];
      };
      ticket_category_rules: {
        Row: {
          category_id: string;
          created_at: string;
          id: string;
          keyword: string;
          organization_id: string;
          updated_at: string;
          weight: number;
        };
        ComputedFields: never;
        Insert: {
          category_id: string;
          created_at?: string;
          id?: string;
          keyword: string;
          organization_id: string;
          updated_at?: string;
          weight?: number;
        };
        Update: {
          category_id?: string;
          created_at?: string;
          id?: string;
          keyword?: string;
          organization_id?: string;
          updated_at?: string;
          weight?: number;
        };
        Relationships: [
          {
            foreignKeyName: 'ticket_category_rules_organization_id_category_id_fkey';
            columns: ['organization_id', 'category_id'];
            isOneToOne: false;
            referencedRelation: 'ticket_categories';
            referencedColumns: ['organization_id', 'id'];
          },
          {
            foreignKeyName: 'ticket_category_rules_organization_id_fkey';
            columns: ['organization_id'];
            isOneToOne: false;
            referencedRelation: 'organizations';
            referencedColumns: ['id'];
          },
        ];
      };
      workflow_audit_log: {
        Row: {
          actor: string | null;
          created_at: string;
          details: NonNullable<Json>;
          event: string;
          execution_id: string | null;
          id: string;
          organization_id: string;
          workflow_id: string | null;
        };
        ComputedFields: never;
        Insert: {
          actor?: string | null;
          created_at?: string;
          details?: NonNullable<Json>;
          event: string;
          execution_id?: string | null;
          id?: string;
          organization_id: string;
          workflow_id?: string | null;
        };
        Update: {
          actor?: string | null;
          created_at?: string;
          details?: NonNullable<Json>;
          event?: string;
          execution_id?: string | null;
          id?: string;
          organization_id?: string;
          workflow_id?: string | null;
        };
        Relationships: [];
      };
      workflow_execution_steps: {
        Row: {
          attempt: number;
          created_at: string;
          error: Json | null;
          execution_id: string;
          finished_at: string | null;
          handled: boolean;
          id: string;
          input: Json | null;
          iteration: number;
          min_role: string;
          organization_id: string;
          output: Json | null;
          path: string;
          scope_id: string;
          started_at: string | null;
          status: string;
          step_id: string;
          type: string;
        };
        ComputedFields: never;
        Insert: {
          attempt?: number;
          created_at?: string;
          error?: Json | null;
          execution_id: string;
          finished_at?: string | null;
          handled?: boolean;
          id?: string;
          input?: Json | null;
          iteration?: number;
          min_role: string;
          organization_id: string;
          output?: Json | null;
          path: string;
          scope_id: string;
          started_at?: string | null;
          status?: string;
          step_id: string;
          type: string;
        };
        Update: {
          attempt?: number;
          created_at?: string;
          error?: Json | null;
          execution_id?: string;
          finished_at?: string | null;
          handled?: boolean;
          id?: string;
          input?: Json | null;
          iteration?: number;
          min_role?: string;
          organization_id?: string;
          output?: Json | null;
          path?: string;
          scope_id?: string;
          started_at?: string | null;
          status?: string;
          step_id?: string;
          type?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'workflow_execution_steps_execution_id_fkey';
            columns: ['execution_id'];
            isOneToOne: false;
            referencedRelation: 'workflow_executions';
            referencedColumns: ['id'];
          },
        ];
      };
      workflow_executions: {
        Row: {
          caused_by: string | null;
          created_at: string;
          created_by: string | null;
          depth: number;
          error: Json | null;
          finished_at: string | null;
          id: string;
          idempotency_key: string | null;
          input: NonNullable<Json>;
          lane: string | null;
          min_role: string;
          mode: string;
          organization_id: string;
          output: Json | null;
          parent_step_id: string | null;
          priority: number;
          retry_from: string | null;
          retry_of: string | null;
          revision: number;
          started_at: string | null;
          status: string;
          steps_done: number;
          test: Json | null;
          trigger: NonNullable<Json>;
          workflow_id: string;
          workflow_version: number | null;
        };
        ComputedFields: never;
        Insert: {
          caused_by?: string | null;
          created_at?: string;
          created_by?: string | null;
          depth?: number;
          error?: Json | null;
          finished_at?: string | null;
          id?: string;
          idempotency_key?: string | null;
          input?: NonNullable<Json>;
          lane?: string | null;
          min_role: string;
          mode?: string;
          organization_id: string;
          output?: Json | null;
          parent_step_id?: string | null;
          priority?: number;
          retry_from?: string | null;
          retry_of?: string | null;
          revision?: number;
          started_at?: string | null;
          status?: string;
          steps_done?: number;
          test?: Json | null;
          trigger?: NonNullable<Json>;
          workflow_id: string;
          workflow_version?: number | null;
        };
        Update: {
          caused_by?: string | null;
          created_at?: string;
          created_by?: string | null;
          depth?: number;
          error?: Json | null;
          finished_at?: string | null;
          id?: string;
          idempotency_key?: string | null;
          input?: NonNullable<Json>;
          lane?: string | null;
          min_role?: string;
          mode?: string;
          organization_id?: string;
          output?: Json | null;
          parent_step_id?: string | null;
          priority?: number;
          retry_from?: string | null;
          retry_of?: string | null;
          revision?: number;
          started_at?: string | null;
          status?: string;
          steps_done?: number;
          test?: Json | null;
          trigger?: NonNullable<Json>;
          workflow_id?: string;
          workflow_version?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: 'workflow_executions_workflow_id_workflow_version_fkey';
            columns: ['workflow_id', 'workflow_version'];
            isOneToOne: false;
            referencedRelation: 'workflow_versions';
            referencedColumns: ['workflow_id', 'version'];
          },
        ];
      };
      workflow_secrets: {
        Row: {
          allowed_hosts: string[];
          created_at: string;
          created_by: string | null;
          id: string;
          name: string;
          organization_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          allowed_hosts?: string[];
          created_at?: string;
          created_by?: string | null;
          id?: string;
          name: string;
          organization_id: string;
          updated_at?: string;
        };
        Update: {
          allowed_hosts?: string[];
          created_at?: string;
          created_by?: string | null;
          id?: string;
          name?: string;
          organization_id?: string;
          updated_at?: string;
        };
        Relationships: [];
      };
      workflow_versions: {
        Row: {
          definition: NonNullable<Json>;
          plan: NonNullable<Json>;
          published_at: string;
          published_by: string | null;
          run_as: string | null;
          version: number;
          workflow_id: string;
        };
        ComputedFields: never;
        Insert: {
          definition: NonNullable<Json>;
          plan: NonNullable<Json>;
          published_at?: string;
          published_by?: string | null;
          run_as?: string | null;
          version: number;
          workflow_id: string;
        };
        Update: {
          definition?: NonNullable<Json>;
          plan?: NonNullable<Json>;
          published_at?: string;
          published_by?: string | null;
          run_as?: string | null;
          version?: number;
          workflow_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'workflow_versions_workflow_id_fkey';
            columns: ['workflow_id'];
            isOneToOne: false;
            referencedRelation: 'workflows';
            referencedColumns: ['id'];
          },
        ];
      };
      workflow_webhooks: {
        Row: {
          created_at: string;
          created_by: string | null;
          enabled: boolean;
          id: string;
          name: string;
          organization_id: string;
          rotated_at: string | null;
          workflow_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          created_by?: string | null;
          enabled?: boolean;
          id?: string;
          name: string;
          organization_id: string;
          rotated_at?: string | null;
          workflow_id: string;
        };
        Update: {
          created_at?: string;
          created_by?: string | null;
          enabled?: boolean;
          id?: string;
          name?: string;
          organization_id?: string;
          rotated_at?: string | null;
          workflow_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'workflow_webhooks_workflow_id_fkey';
            columns: ['workflow_id'];
            isOneToOne: false;
            referencedRelation: 'workflows';
            referencedColumns: ['id'];
          },
        ];
      };
      workflows: {
        Row: {
          active_version: number | null;
          category: string | null;
          created_at: string;
          created_by: string | null;
          description: string | null;
          draft: Json | null;
          draft_revision: number;
          id: string;
          min_role: string;
          name: string;
          organization_id: string;
          settings: NonNullable<Json>;
          status: string;
          template_id: string | null;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          active_version?: number | null;
          category?: string | null;
          created_at?: string;
          created_by?: string | null;
          description?: string | null;
          draft?: Json | null;
          draft_revision?: number;
          id?: string;
          min_role?: string;
          name: string;
          organization_id: string;
          settings?: NonNullable<Json>;
          status?: string;
          template_id?: string | null;
          updated_at?: string;
        };
        Update: {
          active_version?: number | null;
          category?: string | null;
          created_at?: string;
          created_by?: string | null;
          description?: string | null;
          draft?: Json | null;
          draft_revision?: number;
          id?: string;
          min_role?: string;
          name?: string;
          organization_id?: string;
          settings?: NonNullable<Json>;
          status?: string;
          template_id?: string | null;
          updated_at?: string;
        };
        Relationships: [];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      cancel_workflow_executions: {
        Args: {
          p_limit?: number;
          p_organization: string;
          p_since?: string;
          p_status?: string[];
          p_until?: string;
          p_workflow?: string;
        };
        Returns: Json;
      };
      create_webhook: { Args: { name?: string; workflow_id: string }; Returns: Json };
      publish_workflow: {
        Args: {
          category?: string;
          definition: Json;
          organization_id?: string;
          plan: Json;
          template_id?: string;
          workflow_id?: string;
        };
        Returns: Json;
      };
      retry_workflow_executions: {
        Args: {
          p_after?: string;
          p_error_code?: string;
          p_from?: string;
          p_limit?: number;
          p_organization: string;
          p_since?: string;
          p_status?: string[];
          p_until?: string;
          p_version?: string;
          p_workflow?: string;
        };
        Returns: Json;
      };
      rotate_webhook: { Args: { grace?: string; webhook_id: string }; Returns: Json };
      set_workflow_secret: {
        Args: { allowed_hosts?: string[]; name: string; organization_id: string; value: string };
        Returns: string;
      };
      workflow_health: {
        Args: { organization_id?: string };
        Returns: {
          check: string;
          hint: string;
          status: string;
          value: string;
        }[];
      };
      workflow_next_runs: {
        Args: { after?: string; count?: number; cron: string; timezone?: string };
        Returns: string[];
      };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, '__InternalSupabase'>;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, 'public'>];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema['Tables'] & DefaultSchema['Views'])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Views'])
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Views'])[TableName] extends {
      Row: infer R;
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema['Tables'] & DefaultSchema['Views'])
    ? (DefaultSchema['Tables'] & DefaultSchema['Views'])[DefaultSchemaTableNameOrOptions] extends {
        Row: infer R;
      }
      ? R
      : never
    : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema['Tables']
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables']
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'][TableName] extends {
      Insert: infer I;
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema['Tables']
    ? DefaultSchema['Tables'][DefaultSchemaTableNameOrOptions] extends {
        Insert: infer I;
      }
      ? I
      : never
    : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema['Tables']
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables']
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'][TableName] extends {
      Update: infer U;
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema['Tables']
    ? DefaultSchema['Tables'][DefaultSchemaTableNameOrOptions] extends {
        Update: infer U;
      }
      ? U
      : never
    : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema['Enums']
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions['schema']]['Enums']
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions['schema']]['Enums'][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema['Enums']
    ? DefaultSchema['Enums'][DefaultSchemaEnumNameOrOptions]
    : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema['CompositeTypes']
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions['schema']]['CompositeTypes']
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions['schema']]['CompositeTypes'][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema['CompositeTypes']
    ? DefaultSchema['CompositeTypes'][PublicCompositeTypeNameOrOptions]
    : never;

export const Constants = {
  public: {
    Enums: {},
  },
} as const;
