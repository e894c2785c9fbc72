"""Header names by which files in Spanish, Portuguese and English call our fields."""

from __future__ import annotations

#: Field -> header names that mean it, normalised (lower case, no accents, words joined by one underscore), the most
#: telling first. Fields numbered _2, _3 take a second and third column of the kind.
ALIASES: dict[str, str] = {
    "debtor_id": (
        "debtor_id customer_id client_id account_id account id_cliente id_deudor id_devedor codigo_cliente "
        "cod_cliente codigo_deudor codigo_do_cliente cliente_id cuenta numero_cuenta numero_de_cuenta conta "
        "numero_conta contrato contract_id numero_contrato numero_de_contrato matricula id"
    ),
    "name": (
        "name full_name customer_name debtor_name client_name nombre nombre_completo nombre_cliente "
        "nombre_del_cliente nombre_deudor nombre_y_apellido nome nome_completo nome_cliente nome_do_cliente "
        "nome_devedor razon_social razao_social company_name cliente deudor devedor customer debtor"
    ),
    "holder_kind": "holder_kind person_type tipo_persona tipo_de_persona tipo_pessoa tipo_de_pessoa tipo_cliente",
    "document": (
        "document document_number tax_id documento numero_documento numero_de_documento nro_documento "
        "num_documento identificacion numero_identificacion doc rfc cpf cnpj cpf_cnpj cnpj_cpf cpfcnpj curp "
        "rut run nit cedula cc dni ruc cuit cuil"
    ),
    "document_kind": "document_kind document_type tipo_documento tipo_de_documento tipo_doc tipo_identificacion",
    "country": "country pais",
    "language": "language idioma lengua lingua",
    "subdivision": "subdivision uf state estado provincia departamento region",
    "city": "city ciudad cidade municipio comuna localidad",
    "birth_year": "birth_year ano_nacimiento ano_de_nacimiento ano_nascimento ano_de_nascimento",
    "birth_on": (
        "birth_on birth_date date_of_birth fecha_nacimiento fecha_de_nacimiento data_nascimento "
        "data_de_nascimento nascimento nacimiento"
    ),
    "labels": "labels tags etiquetas etiqueta marcadores",
    "stops": "stops stop bloqueos bloqueios",
    "phone": (
        "phone phone_number mobile cell cellphone whatsapp telefono telefono_1 telefono_celular celular "
        "celular_1 movil numero_celular numero_de_celular numero_whatsapp telefone telefone_1 "
        "telefone_celular fone fone_1 tel tel_1 phone_1 msisdn"
    ),
    "phone_2": (
        "phone_2 telefono_2 telefone_2 celular_2 fone_2 tel_2 otro_telefono outro_telefone telefono_alterno "
        "telefone_alternativo"
    ),
    "phone_3": "phone_3 telefono_3 telefone_3 celular_3 fone_3 tel_3",
    "email": "email e_mail mail correo correo_electronico correo_e email_1 endereco_de_email",
    "email_2": "email_2 e_mail_2 correo_2",
    "contact_name": "contact_name contacto nombre_contacto nombre_del_contacto contato nome_contato nome_do_contato",
    "contact_position": "contact_position cargo puesto position job_title",
    "contact_role": "contact_role rol rol_contacto papel_contato",
    "contact_source": (
        "contact_source origen_telefono fuente_telefono origem_telefone fonte_telefone phone_source source"
    ),
    "contact_supplied_by": (
        "contact_supplied_by supplied_by suministrado_por proporcionado_por fornecido_por informado_por"
    ),
    "contact_supplied_on": "contact_supplied_on supplied_on fecha_telefono fecha_dato data_telefone data_do_dado",
    "identity": "identity identidad identidade verificado verified",
    "identity_on": (
        "identity_on verified_on verified_at fecha_verificacion fecha_de_verificacion verificado_el data_verificacao "
        "data_da_verificacao verificado_em"
    ),
    "identity_by": "identity_by verified_by verificado_por quien_verifico quem_verificou",
    "identity_method": (
        "identity_method verification_method verified_how metodo_verificacion metodo_de_verificacion medio_verificacion "
        "metodo_verificacao metodo_de_verificacao meio_verificacao"
    ),
    "consent_state": (
        "consent_state consent consentimiento consentimento opt_in optin autorizacion autorizacao "
        "autorizacion_whatsapp autorizacao_whatsapp acepta_whatsapp aceita_whatsapp"
    ),
    "consent_on": "consent_on consent_date fecha_consentimiento fecha_autorizacion data_consentimento data_autorizacao",
    "consent_wording": "consent_wording texto_consentimiento texto_autorizacion texto_consentimento texto_autorizacao",
    "consent_how": (
        "consent_how consent_source medio_consentimiento canal_consentimiento origem_consentimento canal_consentimento"
    ),
    "consent_document": (
        "consent_document consent_document_hash documento_consentimiento hash_consentimiento hash_consentimento"
    ),
    "consent_signed_on": (
        "consent_signed_on contract_signed_on signed_on signing_date fecha_firma fecha_de_firma fecha_firma_contrato "
        "fecha_de_contrato fecha_contrato firmado_el data_assinatura data_de_assinatura data_da_assinatura "
        "data_contrato data_do_contrato assinado_em"
    ),
    "consent_clause": (
        "consent_clause contract_clause clause_version clausula version_clausula version_contrato version_de_contrato "
        "versao_clausula versao_contrato versao_do_contrato"
    ),
    "invoice_id": (
        "invoice_id invoice invoice_number invoice_no bill_id bill bill_number factura numero_factura "
        "numero_de_factura nro_factura num_factura folio fatura numero_fatura numero_da_fatura titulo "
        "numero_titulo numero_do_titulo boleto nosso_numero nota_fiscal documento_cobro obligacion "
        "numero_obligacion id_factura id_fatura credito numero_credito prestamo"
    ),
    "invoice_number": "invoice_number_shown numero_visible",
    "description": "description concepto descripcion descricao producto produto product detalle historico",
    "issued_on": (
        "issued_on issue_date invoice_date fecha_emision fecha_de_emision fecha_factura emision data_emissao "
        "data_de_emissao emissao"
    ),
    "due_on": (
        "due_on due_date due duedate vencimiento fecha_vencimiento fecha_de_vencimiento fec_vencimiento "
        "fecha_venc f_vencimiento fecha_limite fecha_limite_de_pago vencimento data_vencimento "
        "data_de_vencimento dt_vencimento venc"
    ),
    "amount": (
        "amount invoice_amount total original_amount importe monto monto_original monto_total "
        "importe_original importe_total valor valor_original valor_total valor_da_fatura valor_factura "
        "valor_titulo valor_do_titulo vlr_original deuda"
    ),
    "balance": (
        "balance open_amount outstanding amount_due saldo saldo_pendiente saldo_actual saldo_vencido "
        "saldo_insoluto saldo_devedor saldo_em_aberto saldo_aberto valor_em_aberto valor_aberto "
        "valor_pendiente monto_pendiente monto_adeudado importe_pendiente divida valor_devido"
    ),
    "currency": "currency moneda divisa moeda",
    "legal_state": "legal_state estado_juridico estado_judicial situacao_juridica",
    "payment_id": "payment_id pago_id id_pago pagamento_id id_pagamento recibo numero_recibo",
    "paid_amount": (
        "paid_amount payment_amount amount_paid monto_pagado importe_pagado valor_pagado valor_pago monto_pago abono"
    ),
    "paid_on": "paid_on payment_date paid_date fecha_pago fecha_de_pago data_pagamento data_do_pagamento",
    "payment_method": (
        "payment_method metodo_pago medio_pago medio_de_pago forma_pago forma_de_pago forma_pagamento "
        "forma_de_pagamento meio_pagamento"
    ),
}
